/** Says in words why the page does not work: the browser is too old, or a part was not loaded.
 *
 * This script is no module, and in ECMAScript 5, so that it runs where the modules do not. main.js
 * sets `data-ready` once they run.
 */

(function () {
  "use strict";

  var BROWSERS =
    "Use Safari 15, Firefox 115, Chrome 100, or a newer one of these; or chatd’s client in a terminal.";
  var problem = "";

  /** Show the first problem; the others follow from it. */
  function report(sentence) {
    problem = problem || sentence;
    var element = document.getElementById("problem");
    if (element) {
      element.textContent = problem;
      element.removeAttribute("hidden");
    }
  }

  function isReady() {
    return document.body !== null && document.body.hasAttribute("data-ready");
  }

  function fail(message) {
    report(
      isReady()
        ? "A part of this page failed (" + message + "). Reload the page; what you typed is kept."
        : "This page does not work in this browser (" + message + "). " + BROWSERS
    );
  }

  addEventListener(
    "error",
    function (event) {
      var target = event.target;
      if (target && target.tagName) {
        if (target.tagName === "SCRIPT" || target.tagName === "LINK") {
          report("A part of this page was not loaded. Reload the page.");
        }
      } else if (
        // Not the errors of extensions; and that of ResizeObserver is none.
        String(event.filename).indexOf(location.protocol + "//" + location.host + "/") === 0 &&
        String(event.message).indexOf("ResizeObserver") < 0
      ) {
        fail(event.message);
      }
    },
    true
  );

  addEventListener("unhandledrejection", function (event) {
    fail(String(event.reason));
  });

  // Modules run before this event.
  addEventListener("load", function () {
    if (!("noModule" in document.createElement("script"))) {
      report("This browser is too old for this page. " + BROWSERS);
    } else if (!("WebSocket" in window)) {
      report("This browser has no WebSockets, which this page needs. " + BROWSERS);
    } else if (!isReady()) {
      report("This page did not start. Reload it. If that does not help: " + BROWSERS);
    }
  });
})();
