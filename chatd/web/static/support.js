/** Reloads the page if a part of it was not loaded; says in words why the page does not work.
 *
 * This script is no module, and in ECMAScript 5, so that it runs where the modules do not. main.js
 * sets `data-ready` once they run. The server puts this script into the page itself, so that it
 * runs also where no other file was loaded: browsers cancel all requests when the network changes.
 */

(function () {
  "use strict";

  var BROWSERS =
    "Use Safari 15, Firefox 115, Chrome 100, or a newer one of these; or chatd’s client in a terminal.";
  /** The pauses before the page reloads itself, one for each time in a row. */
  var PAUSES_SECONDS = [1, 4, 16];
  /** The key in `sessionStorage` of how often it has done so. */
  var RELOADS = "reloads";
  var NOT_LOADED = "A part of this page was not loaded. ";

  var problem = "";
  var isIncomplete = false;

  /** Show the first problem; the others follow from it. */
  function report(sentence) {
    problem = problem || sentence;
    var element = document.getElementById("problem");
    if (element) {
      element.textContent = problem;
      element.removeAttribute("hidden");
    }
  }

  /** Reload the page later; if that did not help often enough, show the `sentence`.
   *
   * Without storage the reloads cannot be counted.
   */
  function recover(sentence) {
    if (isIncomplete) {
      return;
    }
    isIncomplete = true;
    var reloads = readReloads();
    var pause = PAUSES_SECONDS[reloads];
    if (pause && navigator.onLine && writeReloads(reloads + 1)) {
      report(NOT_LOADED + "The page reloads itself in " + pause + " s.");
      setTimeout(reload, pause * 1000);
    } else {
      writeReloads(0); // the user's own reload begins anew
      report(sentence);
    }
  }

  /** An offline browser would show an error instead of the page. It reports when it is online. */
  function reload() {
    if (isIncomplete && navigator.onLine) {
      location.reload();
    }
  }

  /** How often the page has reloaded itself in a row. */
  function readReloads() {
    try {
      return Number(sessionStorage.getItem(RELOADS));
    } catch (error) {
      return PAUSES_SECONDS.length;
    }
  }

  /** Whether the number could be stored. */
  function writeReloads(reloads) {
    try {
      if (reloads) {
        sessionStorage.setItem(RELOADS, String(reloads));
      } else {
        sessionStorage.removeItem(RELOADS);
      }
      return true;
    } catch (error) {
      return false;
    }
  }

  /** Whether all style sheets are there. Firefox does not always report one that was not loaded. */
  function hasStyles() {
    var links = document.querySelectorAll("link[rel=stylesheet]");
    return Array.prototype.every.call(links, function (link) {
      try {
        return !isOwn(link.href) || link.sheet.cssRules.length > 0;
      } catch (error) {
        return false;
      }
    });
  }

  /** Whether it is a URL of this server, and not one that an extension has added. */
  function isOwn(url) {
    return String(url).indexOf(location.protocol + "//" + location.host + "/") === 0;
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
        if (target.tagName === "SCRIPT" && isOwn(target.src)) {
          recover(NOT_LOADED + "Reload the page.");
        }
      } else if (
        // That of ResizeObserver is none.
        isOwn(event.filename) &&
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

  addEventListener("online", reload);

  // Style sheets are loaded, and modules run, before this event.
  addEventListener("load", function () {
    if (problem) {
      report(problem); // its element may not have been there yet
    } else if (!("noModule" in document.createElement("script"))) {
      report("This browser is too old for this page. " + BROWSERS);
    } else if (!("WebSocket" in window)) {
      report("This browser has no WebSockets, which this page needs. " + BROWSERS);
    } else if (!isReady()) {
      recover("This page did not start. Reload it. If that does not help: " + BROWSERS);
    } else if (!hasStyles()) {
      recover(NOT_LOADED + "Reload the page.");
    } else {
      writeReloads(0);
    }
  });
})();
