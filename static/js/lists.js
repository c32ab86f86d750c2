/* Choosing rows of a list.
 *
 *   [data-list]            around the whole; data-counted = rows of all pages, data-bounded if there are more
 *   [data-choose]          the box of a row;  [data-choose-page]  the box in the head: all rows of this page
 *   [data-bulk]            the bar of actions; [data-bulk-count] says how many are chosen
 *   [data-bulk-all]        "选择全部 N 条": offered once the whole page is chosen; its box sends all=1
 *   [data-needs-choice]    a button that makes sense only with rows chosen
 * A click with Shift chooses a range.
 */
"use strict";

(function () {
  function setUp(list) {
    var boxes = Array.from(list.querySelectorAll("[data-choose]"));
    var page = list.querySelector("[data-choose-page]");
    var bar = list.querySelector("[data-bulk]");
    if (!boxes.length || !bar) return;
    var every = bar.querySelector("[data-bulk-all]");
    var everyBox = every && every.querySelector("input");
    var counted = Number(list.dataset.counted) || 0;
    var last = null;

    function words(chosen) {
      if (everyBox && everyBox.checked) return "已选全部" + (list.hasAttribute("data-bounded") ? "" : " " + counted.toLocaleString("en").replace(/,/g, "\u00a0") + " 条");
      return "已选 " + chosen + " 条";
    }

    function tell() {
      var chosen = boxes.filter(function (box) { return box.checked; }).length;
      var whole = chosen === boxes.length;
      if (page) { page.checked = whole; page.indeterminate = chosen > 0 && !whole; }
      if (every) {
        every.hidden = !(whole && (counted > boxes.length || list.hasAttribute("data-bounded")));
        if (every.hidden) everyBox.checked = false;
      }
      boxes.forEach(function (box) { box.closest("tr").classList.toggle("chosen", box.checked); });
      bar.querySelector("[data-bulk-count]").textContent = words(chosen);
      bar.querySelectorAll("[data-needs-choice]").forEach(function (button) { button.disabled = chosen === 0; });
    }

    function range(to, checked) {
      var from = boxes.indexOf(last);
      var until = boxes.indexOf(to);
      if (from < 0 || until < 0) return;
      boxes.slice(Math.min(from, until), Math.max(from, until) + 1).forEach(function (box) { box.checked = checked; });
    }

    list.addEventListener("click", function (event) {
      if (!event.target.matches("[data-choose]")) return;
      if (event.shiftKey && last) range(event.target, event.target.checked);
      last = event.target;
      tell();
    });
    list.addEventListener("change", function (event) {
      if (event.target === page) boxes.forEach(function (box) { box.checked = page.checked; });
      tell();
    });
    tell();
  }

  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("[data-list]").forEach(setUp);
  });
})();
