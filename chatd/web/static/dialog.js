/** A small form over the page, for what a command needs: a time, a reason, a word. */

import { createElement } from "./dom.js";
import { createOverlay } from "./overlay.js";

/** The one dialog of the page: `ask(question, opener, onSubmit, onCancel)`.
 *
 * A question has a `heading`, perhaps a `text` and an `error`, `fields`, and what the button says
 * (`action`). A field has a `name` and a `label`, and either `options`, pairs of a value and a text,
 * or attributes of its input: `type`, `maxLength`, `required`. `onSubmit` gets the values by name.
 */
export function createDialog() {
  let cancel = () => {};
  const overlay = createOverlay("dialog", "", () => cancel());

  return {
    ask({ heading, text = "", error = "", fields, action }, opener, onSubmit, onCancel = () => {}) {
      const inputs = fields.map(createInput);
      const problem = createElement("p", "alert", error);
      problem.setAttribute("role", "alert");
      problem.hidden = error === "";
      const submit = createElement("button", "", action);
      submit.type = "submit";
      const form = createElement(
        "form",
        "",
        problem,
        ...(text ? [createElement("p", "", text)] : []),
        ...inputs.map((input, index) =>
          createElement("label", "", createElement("span", "", fields[index].label), input),
        ),
        submit,
      );
      form.autocomplete = "off";
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        cancel = () => {};
        overlay.close();
        onSubmit(Object.fromEntries(inputs.map(({ name, value }) => [name, value.trim()])));
      });
      cancel = onCancel;
      overlay.setTitle(heading);
      overlay.fill(form);
      overlay.open(opener, inputs[0]);
    },
  };
}

function createInput({ name, options, value = "", label, ...attributes }) {
  const input = createElement(options ? "select" : "input");
  for (const [each, text] of options ?? []) {
    const option = createElement("option", "", text);
    option.value = each;
    input.append(option);
  }
  Object.assign(input, { name, ...attributes });
  input.value = value;
  return input;
}
