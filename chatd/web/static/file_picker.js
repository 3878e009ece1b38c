/** How files are chosen: with the paper clip, by dropping them on the page, or by pasting them. */

import { createButton, createElement, keyedList } from "./dom.js";
import { escape } from "./escape.js";
import { createLink } from "./file_view.js";
import { formatSize } from "./files.js";
import { casefold } from "./names.js";
import { NotSent } from "./recipients.js";
import { isEntered } from "./state.js";

/** What browsers call a pasted screenshot. */
const PASTED_NAME = "image.png";

/** A function that shows what is being sent in `list`; the button is in `tools`. */
export function createFilePicker({ tools, list, main }, session, uploads) {
  let current;
  let chosenFor = null;
  const input = createElement("input");
  input.type = "file";
  input.multiple = true;
  input.hidden = true;
  const button = createButton("file-button", () => choose(currentTarget()), "📎");
  button.setAttribute("aria-label", "Send files");
  button.title = "Send files";
  tools.append(button, input);

  const currentTarget = () => current.rooms.get(current.currentRoom).name;

  function choose(target) {
    chosenFor = target;
    input.click();
  }

  input.addEventListener("change", () => {
    uploads.send([...input.files], chosenFor);
    input.value = ""; // so that the same file can be chosen again
  });

  const hasFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (hasFiles(event)) {
      event.preventDefault();
      main.classList.add("dropping");
    }
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (!relatedTarget) {
      main.classList.remove("dropping");
    }
  });
  document.addEventListener("drop", (event) => {
    main.classList.remove("dropping");
    if (hasFiles(event)) {
      event.preventDefault(); // the browser would show the file instead of the page
      uploads.send([...event.dataTransfer.files], currentTarget());
    }
  });
  document.addEventListener("paste", (event) => {
    const { files, types } = event.clipboardData ?? { files: [], types: [] };
    // A word processor gives a picture of the text besides the text.
    if (files.length && !types.includes("text/plain")) {
      event.preventDefault();
      uploads.send([...files].map(named), currentTarget());
    }
  });

  const showUploads = keyedList(list, {
    key: ({ id }) => id,
    create: (upload) => createUpload(upload, uploads),
    update: (element, { sent, bytes }) => {
      element.querySelector("progress").value = sent / bytes;
    },
  });

  // The path is of use only in a terminal: a page may not read what the user has not chosen.
  session.onCommand("send-path", ({ data }) => {
    if (!current.takesFiles) {
      throw new NotSent("This server takes no files.");
    }
    choose(data.target);
  });
  session.onCommand("save-path", ({ data }) => {
    const { file } = findMessage(current, data) ?? {};
    if (!file) {
      throw new NotSent(`Message ${data.seq} has no file, or is not shown here.`);
    }
    createLink(file, session.url).click();
  });

  return (state, before) => {
    current = state;
    button.hidden = !state.takesFiles || !isEntered(state);
    if (state.uploads !== before?.uploads) {
      showUploads(state.uploads);
      list.hidden = !state.uploads.length;
    }
  };
}

function findMessage({ rooms }, { room, seq }) {
  return rooms.get(casefold(room))?.items.find((item) => item.seq === seq);
}

/** A pasted screenshot with the time in its name, so that several can be told apart. */
function named(file) {
  if (file.name !== PASTED_NAME) {
    return file;
  }
  const now = new Date();
  const digits = [now.getHours(), now.getMinutes(), now.getSeconds()]
    .map((each) => String(each).padStart(2, "0"))
    .join("");
  return new File([file], `screenshot-${digits}.png`, { type: file.type });
}

function createUpload({ id, name, bytes }, uploads) {
  const shown = escape(name);
  const progress = createElement("progress");
  progress.setAttribute("aria-label", `Sending ${shown}`);
  const cancel = createButton("small", () => uploads.cancel(id), "Cancel");
  cancel.setAttribute("aria-label", `Cancel sending ${shown}`);
  return createElement(
    "li",
    "",
    createElement("bdi", "name", shown),
    createElement("span", "size", formatSize(bytes)),
    progress,
    cancel,
  );
}
