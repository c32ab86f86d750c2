/* Keyboard of the page where a school reads dossiers: list left, dossier right.
 *
 * The contract with the markup (components/reading_help.html shows a full example):
 *   table[data-reading]         the list; with data-advance a decision moves on to the next row
 *     data-before, data-after   addresses of the pages with the dossiers beyond its ends
 *   tr[data-row="12"]           one dossier; the value is its key and survives a swap of the row
 *     data-url                  fragment of the dossier, put into the right pane
 *     data-address              address of the page with this dossier open (?dossier=12), kept in the bar
 *     data-say                  words read out when the row becomes current
 *   [data-reading-detail]       the right pane
 *   [data-key="a|t|z|u"]        a button of the current row or of the pane: 拟录取, 拟退档, 待定, 撤销;
 *                               the key clicks it if it is there and enabled
 *   [data-reasons]              list of reasons in the pane (or row), hidden at first: "t" shows it, then
 *                               a digit clicks the [data-digit] in it, Esc hides it. Without it "t" clicks.
 *   [data-reading-switch]       box that switches the keyboard on and off; the choice is kept
 *   dialog[data-reading-help]   the help, opened by "?" and by [data-reading-open-help]
 * A page about one case, without a list, has instead:
 *   [data-reading-one]          around its form: a letter clicks the [data-key] of the page that bears it; "t" shows
 *                               [data-reasons], where a digit chooses [data-digit] in the form's list of reasons
 *                               and goes on to the words, if they must be given (data-words), or to the button
 *                               [data-refuse]; nothing is sent by a digit
 * Arrows, j and k move. Nothing happens while an input method composes, in a control, with Ctrl, Alt or
 * Meta, or with a dialog open; nor in the pane while its dossier is on the way (aria-busy). Without this file every row is a link and every decision a form.
 */
"use strict";

(function () {
  var table = null;
  var single = null; // the one case of a page without a list
  var current = null; // key of the row under the eyes
  var place = 0; // its place in the list
  var decided = null; // key of the row decided last, for undo
  var asking = null; // the open list of reasons
  var timer = null;
  var seatsAt = 0; // how far the list of seats is scrolled; a decision brings it anew
  var waiting = false; // the pane still shows another dossier than the one that is current
  var expected = ""; // address of the fragment that the pane waits for

  function one(selector, root) { return (root || document).querySelector(selector); }
  function rows() { return Array.from(table.querySelectorAll("tr[data-row]")); }
  function rowOf(key) { return rows().find(function (row) { return row.dataset.row === key; }) || null; }
  function pane() { return one("[data-reading-detail]"); }

  function load(row) {
    var key = row.dataset.row;
    clearTimeout(timer);
    if (row.dataset.url && pane()) wait(true);
    // Whoever holds the arrow down passes rows by; only where he stays is read.
    timer = setTimeout(function () {
      if (row.dataset.url && pane()) {
        expected = row.dataset.url;
        htmx.ajax("GET", row.dataset.url, { target: pane(), swap: "innerHTML" }).then(function () {
          if (current === key) wait(false);
        });
      }
      if (row.dataset.address) history.replaceState(history.state, "", row.dataset.address);
    }, 120);
  }

  function wait(on) {
    waiting = on;
    pane().setAttribute("aria-busy", String(on));
  }

  function mark(row) {
    rows().forEach(function (other) { other.setAttribute("aria-selected", String(other === row)); });
  }

  function choose(row, quiet) {
    if (!row) return;
    closeReasons();
    var moved = current !== row.dataset.row;
    current = row.dataset.row;
    place = rows().indexOf(row);
    mark(row);
    row.scrollIntoView({ block: "nearest" });
    if (!moved || quiet) return;
    load(row);
    one("#announcer").textContent = row.dataset.say || "";
  }

  function move(by) {
    var list = rows();
    var here = list.findIndex(function (row) { return row.dataset.row === current; });
    // A row that left the list gave its place to the next.
    var to = here >= 0 ? here + by : place + (by > 0 ? by - 1 : by);
    var beyond = to < 0 ? table.dataset.before : to >= list.length ? table.dataset.after : "";
    if (beyond) { turn(beyond); return; }
    choose(list[Math.min(Math.max(to, 0), list.length - 1)]);
  }

  // The list goes on on another page; keys pressed meanwhile would act on the dossier that is left.
  function turn(address) {
    clearTimeout(timer);
    if (pane()) wait(true);
    location.assign(address);
  }

  function find(selector, row) {
    var usable = function (part) { return !part.disabled; };
    var inRow = row && Array.from(row.querySelectorAll(selector)).find(usable);
    // A key pressed before the dossier is there would decide on the one before it.
    if (inRow || !row || row.dataset.row !== current || waiting || !pane()) return inRow || null;
    return Array.from(pane().querySelectorAll(selector)).find(function (part) {
      var form = part.closest("form");
      return usable(part) && (!form || form.getAttribute("hx-target") === "#" + row.id);
    }) || null;
  }

  function press(key) {
    var row = rowOf(current);
    var button = find('[data-key="' + key + '"]', row);
    if (!button) return;
    decided = current;
    button.click();
  }

  function undo() {
    var row = rowOf(decided) || rowOf(current);
    var button = row && find('[data-key="u"]', row);
    if (button) button.click();
  }

  // The answer to a deed of the list brings the dossier along: one that was asked for before would show it as it was.
  function expectAnswer(row) {
    choose(row, true);
    clearTimeout(timer);
    expected = "";
    wait(true);
  }

  function dropOvertaken(event) {
    var asked = event.detail.requestConfig;
    if (event.detail.target !== pane() || asked.verb !== "get" || asked.path === expected) return;
    if (rows().some(function (row) { return row.dataset.url === asked.path; })) event.detail.shouldSwap = false;
  }

  // ---- reasons ----------------------------------------------------------------------------------

  function openReasons() {
    var row = rowOf(current);
    asking = row && (one("[data-reasons]", row) || (waiting ? null : one("[data-reasons]", pane() || row)));
    if (!asking) { press("t"); return; }
    asking.hidden = false;
    var first = one("[data-digit]", asking);
    if (first) first.focus();
  }

  function closeReasons() {
    if (asking) asking.hidden = true;
    asking = null;
  }

  function answer(digit) {
    var button = one('[data-digit="' + digit + '"]', asking);
    if (!button || button.disabled) return;
    decided = current;
    button.click();
    closeReasons();
  }

  // ---- keys -------------------------------------------------------------------------------------

  var DEEDS = {
    ArrowDown: function () { move(1); },
    ArrowUp: function () { move(-1); },
    j: function () { move(1); },
    k: function () { move(-1); },
    a: function () { press("a"); },
    z: function () { press("z"); },
    t: openReasons,
    u: undo,
    "?": function () { showHelp(); },
  };

  function silent(event) {
    var target = event.target;
    return !(table || single) || !isOn() || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey ||
      target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || one("dialog[open]");
  }

  function onKey(event) {
    if (silent(event)) return;
    if (asking && event.key === "Escape") { event.preventDefault(); closeReasons(); return; }
    if (single) { onKeyOfOne(event); return; }
    if (asking && /^[0-9]$/.test(event.key)) { event.preventDefault(); answer(event.key); return; }
    // Arrows scroll a pane that has the focus; only letters act there.
    if (/^Arrow/.test(event.key) && event.target.closest("[data-reading-detail], .menu")) return;
    var deed = Object.prototype.hasOwnProperty.call(DEEDS, event.key) ? DEEDS[event.key] : null;
    if (!deed || (event.repeat && !/^(Arrow|j$|k$)/.test(event.key))) return;
    event.preventDefault();
    deed();
  }

  // ---- one case -----------------------------------------------------------------------------------

  function onKeyOfOne(event) {
    var digit = asking && /^[1-9]$/.test(event.key) && one('[data-digit="' + event.key + '"]', asking);
    var button = /^[a-z]$/.test(event.key) && one('[data-key="' + event.key + '"]');
    var deed = digit ? function () { give(digit); }
      : event.key === "t" ? askOne
      : event.key === "?" ? showHelp
      : button && !button.disabled ? function () { button.click(); } : null;
    if (!deed || event.repeat) return;
    event.preventDefault();
    deed();
  }

  function askOne() {
    if (one("[data-refuse]", single).disabled) return;
    asking = one("[data-reasons]", single);
    asking.hidden = false;
    one("[data-digit]", asking).focus();
  }

  // The reason is chosen; sending it back is a press of its own.
  function give(button) {
    one('[name="reason"]', single).value = button.dataset.reason;
    closeReasons();
    one(button.hasAttribute("data-words") ? '[name="words"]' : "[data-refuse]", single).focus();
  }

  function setUpOne() {
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", function (event) {
      if (event.target.closest("[data-reading-open-help]")) showHelp();
      var button = event.target.closest("[data-reasons] [data-digit]");
      if (button) give(button);
    });
  }

  // ---- switch and help --------------------------------------------------------------------------

  function isOn() {
    try { return localStorage.getItem("reading-keys") !== "off"; } catch (refused) { return true; }
  }

  function setUpSwitch(box) {
    box.checked = isOn();
    box.addEventListener("change", function () {
      try { localStorage.setItem("reading-keys", box.checked ? "on" : "off"); } catch (refused) { /* for this page only */ }
      box.blur();
    });
  }

  function showHelp() {
    var help = one("dialog[data-reading-help]");
    if (help && !help.open) help.showModal();
  }

  // ---- after a swap -----------------------------------------------------------------------------

  function afterDecision(event) {
    var target = event.detail.target;
    var row = target && target.closest && target.closest("tr[data-row]"); // perhaps out of the page by now
    if (!row) return;
    if (row.dataset.row === current) wait(false);
    if (row.dataset.row !== decided || decided !== current) return;
    if (!event.detail.elt.querySelector("[data-key], [data-digit]")) return; // no decision
    if (event.detail.xhr.status < 300 && table.hasAttribute("data-advance")) move(1);
  }

  function onClick(event) {
    if (event.target.closest("[data-reading-open-help]")) { showHelp(); return; }
    var button = event.target.closest("[data-key], [data-digit]");
    var row = event.target.closest("tr[data-row]");
    if (row && table.contains(row)) {
      if (button && button.dataset.key === "u") { decided = null; expectAnswer(row); return; } // undo stays where it is
      if (button) decided = row.dataset.row;
      else if (event.target.closest("a[data-open]") && !event.ctrlKey && !event.shiftKey) event.preventDefault();
      else if (event.target.closest("a, input, label, select")) return;
      choose(row);
    } else if (button && button.closest("[data-reading-detail]")) {
      decided = current;
    }
  }

  document.addEventListener("DOMContentLoaded", function () {
    table = one("table[data-reading]");
    single = table ? null : one("[data-reading-one]");
    if (table || single) document.querySelectorAll("[data-reading-switch]").forEach(setUpSwitch);
    if (single) setUpOne();
    if (!table) return;
    var open = one('tr[data-row][aria-selected="true"]', table) || rows()[0];
    if (open) {
      choose(open, true);
      if (pane() && !pane().children.length) load(open);
    }
    document.addEventListener("keydown", onKey);
    document.addEventListener("click", onClick);
    document.addEventListener("htmx:afterSwap", function () { var row = rowOf(current); if (row) mark(row); });
    document.addEventListener("htmx:beforeSwap", dropOvertaken);
    document.addEventListener("htmx:afterRequest", afterDecision);
    document.addEventListener("htmx:oobBeforeSwap", function () { seatsAt = one(".seats") ? one(".seats").scrollTop : 0; });
    document.addEventListener("htmx:oobAfterSwap", function () { if (one(".seats")) one(".seats").scrollTop = seatsAt; });
  });
})();
