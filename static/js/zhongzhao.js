/* What every page shares: menu, recent pages, messages, forms sent once, fragments.
 *
 * Markup that is served (all of it works, if less comfortably, without this file):
 *   [data-menu-toggle]              shows or hides the menu
 *   [data-menu-search]              filters [data-menu-entry] by data-title and data-initials; "/" goes there
 *   nav[data-waiting="address"]     its entries get the numbers of what waits behind them, fetched once the page is shown
 *   nav[data-recent="user"]         gets the functions opened last, from a[aria-current=page] in the menu
 *   [data-fades]                    a message that goes away by itself; [data-close] closes its parent
 *   form[data-once]                 its buttons are disabled once it is sent
 *   form[data-dirty]                warns before leaving with changes that were not sent
 *   [data-focus-first]              takes the focus when the page is shown (summary of errors)
 *   a[data-back]                    goes back in history
 *   [data-print]                    prints the page
 *   [data-announce="words"]         read out when a fragment brings new words
 */
"use strict";

(function () {
  var all = function (selector, root) { return Array.from((root || document).querySelectorAll(selector)); };
  var one = function (selector, root) { return (root || document).querySelector(selector); };

  // Storage may be full or switched off; nothing depends on it.
  var store = {
    read: function (key) { try { return JSON.parse(localStorage.getItem(key)); } catch (refused) { return null; } },
    write: function (key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch (refused) { /* as well */ } },
  };

  function isTyping(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  // ---- menu -------------------------------------------------------------------------------------

  function menuToggle() {
    var button = one("[data-menu-toggle]");
    if (!button) return;
    var root = document.documentElement;
    var narrow = window.matchMedia("(max-width: 991.98px)");
    var shown = function () { return narrow.matches ? root.classList.contains("menu-open") : !root.classList.contains("menu-away"); };
    var tell = function () { button.setAttribute("aria-expanded", String(shown())); };
    button.addEventListener("click", function () {
      if (narrow.matches) {
        root.classList.toggle("menu-open");
      } else {
        root.classList.toggle("menu-away");
        try { localStorage.setItem("menu", shown() ? "open" : "closed"); } catch (refused) { /* forgotten then */ }
      }
      tell();
    });
    tell();
  }

  function matches(entry, wanted) {
    return entry.dataset.title.toLowerCase().indexOf(wanted) >= 0 || entry.dataset.initials.indexOf(wanted) >= 0;
  }

  function menuSearch() {
    var box = one("[data-menu-search]");
    if (!box) return;
    var entries = all("[data-menu-entry]");
    var groups = all("[data-menu-group]");
    var opened = groups.map(function (group) { return group.open; });
    var filter = function () {
      var wanted = box.value.trim().toLowerCase().replace(/\s+/g, "");
      var found = 0;
      entries.forEach(function (entry) {
        entry.hidden = wanted !== "" && !matches(entry, wanted);
        found += entry.hidden ? 0 : 1;
      });
      groups.forEach(function (group, place) {
        group.hidden = wanted !== "" && !one("[data-menu-entry]:not([hidden])", group);
        group.open = wanted !== "" ? true : opened[place];
      });
      one("[data-menu-none]").hidden = found > 0;
    };
    var links = function () {
      return entries.filter(function (entry) { return !entry.hidden; })
        .map(function (entry) { return entry.matches("a") ? entry : one("a", entry); }).filter(Boolean);
    };
    box.addEventListener("input", filter);
    box.addEventListener("keydown", function (event) {
      if (event.isComposing) return;
      if (event.key === "Escape") { box.value = ""; filter(); box.blur(); }
      if (event.key === "Enter" && box.value && links()[0]) { event.preventDefault(); links()[0].click(); }
      if (event.key === "ArrowDown" && links()[0]) { event.preventDefault(); links()[0].focus(); }
    });
    document.addEventListener("keydown", function (event) {
      if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || event.isComposing || isTyping(event.target)) return;
      event.preventDefault();
      document.documentElement.classList.remove("menu-away");
      box.focus();
      box.select();
    });
    groups.forEach(function (group, place) {
      one("summary", group).addEventListener("click", function () { if (!box.value) opened[place] = !group.open; });
    });
    var here = one(".menu .here");
    if (here && here.offsetTop > one(".menu").clientHeight - 60) here.scrollIntoView({ block: "center" });
  }

  // ---- what waits behind the entries of the menu --------------------------------------------------

  var FRESH = 120000; // milliseconds for which numbers of the last page are shown without asking again

  function waitingMark(number, words) {
    var mark = document.createElement("span");
    mark.className = "menu-waiting";
    mark.textContent = number > 999 ? "999+" : String(number);
    mark.title = words;
    var said = document.createElement("span");
    said.className = "visually-hidden";
    said.textContent = " 项待办";
    mark.append(said);
    return mark;
  }

  function waitingShow(menu, counts) {
    all(".menu-waiting", menu).forEach(function (mark) { mark.remove(); });
    all("[data-menu-group]", menu).forEach(function (group) {
      var words = [];
      var entries = 0;
      all("[data-menu-entry] a", group).forEach(function (link) {
        var found = counts[link.getAttribute("href")];
        if (!found) return;
        words = words.concat(found.words);
        entries += 1;
        link.append(waitingMark(found.count, found.words.join("，")));
      });
      // A closed group tells how many of its entries have something waiting.
      if (entries) one("summary .menu-turn", group).before(waitingMark(entries, words.join("，")));
    });
  }

  function menuWaiting() {
    var menu = one("[data-waiting]");
    if (!menu || !window.fetch) return;
    var key = "waiting-" + menu.dataset.user;
    var last = store.read(key);
    if (last) waitingShow(menu, last.counts);
    // After a deed, which leaves a message, the numbers are others.
    if (last && Date.now() - last.at < FRESH && !one(".messages .note") && !one(".menu-single.here")) return;
    fetch(menu.dataset.waiting, { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) { return answer.ok && !answer.redirected ? answer.json() : null; })
      .then(function (counts) {
        if (!counts) return;
        store.write(key, { at: Date.now(), counts: counts });
        waitingShow(menu, counts);
      })
      .catch(function () { /* the menu works without */ });
  }

  // ---- recent pages: titles and addresses of functions only, never a query or a person -----------

  function recentPages() {
    var bar = one("[data-recent]");
    if (!bar) return;
    var key = "recent-" + bar.dataset.recent;
    var seen = store.read(key) || [];
    var here = one(".menu [aria-current=page]");
    var address = here && here.getAttribute("href");
    var others = seen.filter(function (page) { return page.url !== address; });
    others.slice(0, 6).forEach(function (page) {
      var link = document.createElement("a");
      link.href = page.url;
      link.textContent = page.title;
      var item = document.createElement("li");
      item.append(link);
      one("ul", bar).append(item);
    });
    bar.hidden = others.length === 0;
    if (here) store.write(key, [{ url: address, title: here.closest("[data-menu-entry]").dataset.title }].concat(others).slice(0, 7));
  }

  // ---- messages ---------------------------------------------------------------------------------

  function messages(root) {
    all("[data-fades]", root).forEach(function (note) {
      var timer = null;
      var start = function () { timer = setTimeout(function () { note.remove(); }, 10000); };
      var stop = function () { clearTimeout(timer); };
      note.addEventListener("mouseenter", stop);
      note.addEventListener("mouseleave", start);
      note.addEventListener("focusin", stop);
      start();
    });
  }

  function say(words, level) {
    var box = one(".messages");
    if (!box) return;
    var note = document.createElement("div");
    note.className = "note note-" + (level || "error");
    var text = document.createElement("span");
    text.className = "note-words";
    text.textContent = words;
    note.append(text);
    box.append(note);
  }

  // ---- forms ------------------------------------------------------------------------------------

  function onceOnly(event) {
    var form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    form.setAttribute("aria-busy", "true");
    // After the form's data are gathered: a disabled button would not be sent.
    setTimeout(function () {
      all("button:not([type=button])", form).forEach(function (button) { button.disabled = true; });
    }, 0);
  }

  function readyAgain() {
    all("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
      form.removeAttribute("aria-busy");
      all("button", form).forEach(function (button) { button.disabled = false; });
    });
  }

  function dirtyForms() {
    var forms = all("form[data-dirty]");
    forms.forEach(function (form) {
      form.addEventListener("input", function () { form.dataset.changed = "1"; });
      form.addEventListener("submit", function () { delete form.dataset.changed; });
    });
    if (!forms.length) return;
    window.addEventListener("beforeunload", function (event) {
      if (!one("form[data-changed]")) return;
      event.preventDefault();
      event.returnValue = "";
    });
  }

  function clicks(event) {
    var target = event.target.closest("[data-close], [data-back], [data-print]");
    if (!target) return;
    if (target.matches("[data-close]")) target.parentElement.remove();
    if (target.matches("[data-print]")) window.print();
    if (target.matches("[data-back]") && history.length > 1) {
      event.preventDefault();
      history.back();
    }
  }

  // ---- fragments --------------------------------------------------------------------------------

  var PAGE = /^\s*<!doctype html/i;

  function beforeSwap(event) {
    var answer = event.detail.xhr;
    var words = answer.responseText || "";
    if (PAGE.test(words)) { // a whole page: the screen was locked, or the deed was refused
      event.detail.shouldSwap = false;
      var refusal = new DOMParser().parseFromString(words, "text/html").querySelector("[data-refusal]");
      if (refusal) say(refusal.textContent); else location.reload();
    } else if (answer.status === 409) { // somebody else was first: both versions are shown
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  }

  var lastWords = "";
  function announce(root) {
    all("[data-announce]", root.parentElement || root).forEach(function (part) {
      if (part.dataset.announce === lastWords) return;
      lastWords = part.dataset.announce;
      one("#announcer").textContent = lastWords;
    });
  }

  function fragments() {
    document.addEventListener("htmx:beforeSwap", beforeSwap);
    document.addEventListener("htmx:sendError", function () { say("网络中断，操作没有送达，请检查网络后重试。"); });
    document.addEventListener("htmx:responseError", function (event) {
      if (!PAGE.test(event.detail.xhr.responseText || "")) say("操作未完成（代码 " + event.detail.xhr.status + "），请刷新后重试。");
    });
    document.addEventListener("htmx:afterSettle", function (event) { messages(event.target); announce(event.target); });
  }

  document.addEventListener("DOMContentLoaded", function () {
    menuToggle();
    menuSearch();
    menuWaiting();
    recentPages();
    messages(document);
    dirtyForms();
    fragments();
    document.addEventListener("submit", onceOnly);
    document.addEventListener("click", clicks);
    window.addEventListener("pageshow", function (event) { if (event.persisted) readyAgain(); });
    var first = one("[data-focus-first]");
    if (first) first.focus();
  });
})();
