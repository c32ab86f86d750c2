// Runs before the first paint: says that scripts work, and keeps the menu as it was left.
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  try {
    if (localStorage.getItem("menu") === "closed") root.classList.add("menu-away");
  } catch (refused) { /* storage may be switched off */ }
})();
