// Prints, for each JavaScript file given, the names that it uses of the browser, as JSON.
//
// A file with syntax that is newer than ECMAScript 2021 is an error.
import { readFileSync } from "node:fs";
import { parse } from "acorn";

const LOOKBEHIND = /\(\?<[=!]/;

function* nodes(value) {
  if (Array.isArray(value)) {
    for (const each of value) yield* nodes(each);
  } else if (value && typeof value.type === "string") {
    yield value;
    for (const [key, child] of Object.entries(value)) {
      const isName =
        (key === "property" && value.type === "MemberExpression" && !value.computed) ||
        (key === "key" && !value.computed) ||
        key === "imported" ||
        key === "label";
      if (!isName && child && typeof child === "object") yield* nodes(child);
    }
  }
}

function* declaredNames(pattern) {
  for (const node of nodes(pattern)) {
    if (node.type === "Identifier") yield node.name;
  }
}

function namesIn(path) {
  const source = readFileSync(path, "utf8");
  const sourceType = path.endsWith("/support.js") ? "script" : "module";
  const ecmaVersion = sourceType === "script" ? 5 : 2021;
  const members = new Set();
  const identifiers = new Set();
  const declared = new Set(["undefined", "arguments"]);
  for (const node of nodes(parse(source, { ecmaVersion, sourceType, locations: true }))) {
    switch (node.type) {
      case "MemberExpression":
        if (!node.computed) members.add(node.property.name);
        break;
      case "ObjectPattern":
        node.properties.forEach(({ key }) => key && members.add(key.name ?? key.value));
        break;
      case "Identifier":
        identifiers.add(node.name);
        break;
      case "Literal":
        if (LOOKBEHIND.test(node.raw)) throw new Error(`${path}: lookbehind in ${node.raw}`);
        break;
      case "TemplateElement":
        if (LOOKBEHIND.test(node.value.raw)) throw new Error(`${path}: lookbehind`);
        break;
      case "VariableDeclarator":
      case "FunctionDeclaration":
      case "ClassDeclaration":
        for (const name of declaredNames(node.id)) declared.add(name);
        break;
      case "ImportSpecifier":
      case "ImportNamespaceSpecifier":
        declared.add(node.local.name);
        break;
      case "CatchClause":
        for (const name of declaredNames(node.param ?? [])) declared.add(name);
        break;
    }
    for (const parameter of node.params ?? []) {
      for (const name of declaredNames(parameter)) declared.add(name);
    }
  }
  const globals = [...identifiers].filter((name) => !declared.has(name));
  return { members: [...members].sort(), globals: globals.sort() };
}

const results = process.argv.slice(2).map((path) => [path, namesIn(path)]);
console.log(JSON.stringify(Object.fromEntries(results)));
