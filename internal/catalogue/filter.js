"use strict";
(() => {
  const form = document.getElementById("find");
  const words = document.getElementById("words");
  const category = document.getElementById("category");
  const count = document.getElementById("count");
  const none = document.getElementById("none");
  const cards = [...document.querySelectorAll(".card")];
  const fold = (s) => s.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const texts = cards.map((c) => fold(c.textContent + " " + c.dataset.ns));

  const show = () => {
    const wanted = fold(words.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    cards.forEach((card, i) => {
      const fits = (!category.value || card.dataset.category === category.value) && wanted.every((w) => texts[i].includes(w));
      card.hidden = !fits;
      if (fits) shown++;
    });
    count.textContent = shown === cards.length ? `${shown} MiniApp${shown === 1 ? "" : "s"}` : `${shown} of ${cards.length} MiniApps`;
    none.hidden = shown > 0;
    const state = new URLSearchParams();
    if (words.value.trim()) state.set("q", words.value.trim());
    if (category.value) state.set("category", category.value);
    history.replaceState(null, "", state.size ? "#" + state : location.pathname + location.search);
  };
  const read = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    words.value = state.get("q") || "";
    category.value = state.get("category") || "";
    if (category.selectedIndex < 0) category.value = "";
    show();
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (e) => e.preventDefault());
  document.getElementById("clear").addEventListener("click", () => {
    words.value = category.value = "";
    show();
    words.focus();
  });
  addEventListener("hashchange", read);
  addEventListener("keydown", (e) => {
    if (e.key === "/" && document.activeElement !== words && !e.ctrlKey && !e.metaKey && !e.altKey) {
      e.preventDefault();
      words.focus();
    }
  });
  form.hidden = false;
  read();
})();
