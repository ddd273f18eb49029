"use strict";
(() => {
  const { base, number, state, connected } = document.body.dataset;
  if (!base) return;
  const reload = () => {
    sessionStorage.setItem("focus", "connection-r");
    location.reload();
  };
  const byId = (id) => document.getElementById(id);

  const post = async (what, fields) => {
    const answer = await fetch(`${base}/${what}`, { method: "POST", body: new URLSearchParams(fields) });
    if (!answer.ok) throw new Error(`${answer.status}: ${(await answer.text()).trim()}`);
    return answer;
  };
  // What the server wrote is HTML that it has escaped; scripts would not run.
  const show = (into, html) => {
    into.innerHTML = html;
    const verdict = into.querySelector("[data-verdict]");
    const status = byId(into.id.replace(/-r$/, "-s"));
    if (status && verdict) status.textContent = verdict.textContent;
  };
  const fail = (into, error) => {
    into.replaceChildren();
    const p = document.createElement("p");
    p.className = "error";
    p.setAttribute("role", "alert");
    p.textContent = navigator.onLine === false || error instanceof TypeError ? "The server does not answer. Is miniapp serve still running?" : error.message;
    into.append(p);
  };
  const busy = async (control, into, work) => {
    if (control.getAttribute("aria-disabled") === "true") return;
    control.setAttribute("aria-disabled", "true");
    into.setAttribute("aria-busy", "true");
    try {
      await work();
    } catch (error) {
      fail(into, error);
    } finally {
      control.removeAttribute("aria-disabled");
      into.removeAttribute("aria-busy");
    }
  };
  const send = (what, fields, control, into) => busy(control, into, async () => {
    const answer = await post(what, fields);
    const html = await answer.text();
    if (answer.headers.get("Miniapp-Reload")) return reload();
    show(into, html);
  });

  // Signing in: the window is opened at the click, as browsers want it, and
  // gets its address when the server has made it.
  let waiting = false;
  const signIn = (form, control, into) => {
    const popup = window.open("", "", "popup,width=560,height=720");
    return busy(control, into, async () => {
      try {
        const answer = await post("authorize", new FormData(form));
        if (!answer.headers.get("Content-Type").startsWith("application/json")) {
          if (popup) popup.close();
          return show(into, await answer.text());
        }
        const { popup: address } = await answer.json();
        waiting = true;
        // The provider's page could lead this one elsewhere by its opener.
        if (popup) {
          popup.opener = null;
          popup.location = address;
        }
        else throw new Error("The browser let no window open. Allow it for this page, then try again.");
        byId("connection-s").textContent = "Waiting for the provider's window.";
      } catch (error) {
        if (popup) popup.close();
        throw error;
      }
    });
  };
  addEventListener("submit", (e) => {
    const form = e.target;
    e.preventDefault();
    const control = form.querySelector("button.main");
    const into = byId(form.dataset.result);
    if ("oauth" in form.dataset) signIn(form, control, into);
    else send(form.dataset.post, new FormData(form), control, into);
  });

  const load = (box) => {
    const select = box.querySelector("select");
    const field = box.closest(".field");
    const status = field.querySelector("[role=status]");
    const fields = new FormData(box.closest("form"));
    fields.set("source", box.dataset.source);
    status.textContent = "Loading…";
    return busy(box.querySelector("[data-load]"), field.querySelector("[data-source-run]"), async () => {
      try {
        const answer = await (await post("options", fields)).json();
        const chosen = select.value;
        const empty = document.createElement("option");
        empty.value = "";
        empty.textContent = "–";
        select.replaceChildren(empty, ...answer.options.map(({ value, label }) => {
          const o = document.createElement("option");
          o.value = value;
          o.textContent = label === value ? label : `${label} (${value})`;
          return o;
        }));
        select.value = chosen;
        if (select.selectedIndex < 0) select.value = "";
        status.textContent = answer.said;
        const run = field.querySelector("[data-source-run]");
        run.replaceChildren();
        if (!answer.options.length && answer.html) show(run, answer.html);
      } catch (error) {
        status.textContent = "";
        throw error;
      }
    });
  };
  // Typing takes the place of the dropdown, or gives it back.
  const type = (button) => {
    const box = button.closest(".source");
    const old = box.querySelector("select, input");
    const typed = old.tagName === "SELECT";
    const next = typed ? document.createElement("input") : box.list;
    if (typed) {
      box.list = old;
      next.autocomplete = "off";
      next.value = old.value;
    }
    for (const name of ["id", "name", "aria-describedby"]) next.setAttribute(name, old.getAttribute(name));
    next.required = old.required;
    old.replaceWith(next);
    box.querySelector("[data-load]").hidden = typed;
    button.textContent = typed ? "Choose it" : "Type it";
    next.focus();
  };

  addEventListener("click", (e) => {
    const button = e.target.closest("button");
    if (!button) return;
    const { post: what, field, value, result, copy } = button.dataset;
    if (what) send(what, field ? { [field]: value } : {}, button, byId(result));
    else if ("load" in button.dataset) load(button.closest(".source"));
    else if ("type" in button.dataset) type(button);
    else if (copy) {
      byId(copy).select();
      navigator.clipboard.writeText(byId(copy).value).then(() => { button.textContent = "Copied"; }, () => {});
    }
  });
  // A choice for a list is added to it, as JSON where it has a comma.
  addEventListener("change", (e) => {
    const box = e.target.closest("[data-into]");
    if (!box || !e.target.value) return;
    const list = byId(box.dataset.into);
    const value = e.target.value;
    let items = list.value.split(",").map((i) => i.trim()).filter(Boolean);
    try {
      if (list.value.trim().startsWith("[")) items = JSON.parse(list.value);
    } catch { /* what is typed is broken, and stays to be seen as such */ }
    items.push(value);
    const plain = items.every((i) => typeof i === "string" && !/[,[]/.test(i));
    list.value = plain ? items.join(", ") : JSON.stringify(items);
    e.target.value = "";
  });
  // The dropdowns of an action are filled when it is opened.
  for (const action of document.querySelectorAll("details.action")) {
    action.addEventListener("toggle", async () => {
      if (!action.open || action.filled || connected !== "true") return;
      action.filled = true;
      for (const box of action.querySelectorAll(".source[data-source]")) await load(box);
    });
  }

  // What happens meanwhile. A page in the background does not listen, since
  // browsers have few connections for all pages together.
  let stream;
  let last = number;
  const delivery = (e) => {
    last = e.lastEventId;
    const log = byId("log");
    if (!log) return;
    const t = document.createElement("template");
    t.innerHTML = JSON.parse(e.data);
    const entry = t.content.firstElementChild;
    if (log.querySelector(`[data-number="${entry.dataset.number}"]`)) return;
    log.prepend(entry);
    while (log.childElementCount > 100) log.lastElementChild.remove();
    byId("nothing").hidden = true;
    byId("live-s").textContent = `${entry.querySelector(".name").textContent}: ${entry.querySelector(".tag").textContent}`;
  };
  const changed = () => {
    if (waiting) return reload();
    const status = byId("connection-s");
    status.textContent = "The connection has changed. Load the page again to see it.";
    status.classList.remove("sr");
  };
  const listen = () => {
    if (stream) stream.close();
    stream = undefined;
    if (!byId("connection") || document.hidden && !waiting) return;
    stream = new EventSource(`${base}/live?after=${last}&state=${state}`);
    stream.addEventListener("delivery", delivery);
    stream.addEventListener("connection", changed);
  };
  document.addEventListener("visibilitychange", listen);
  listen();

  // After a reload, people are where they were.
  const focus = sessionStorage.getItem("focus");
  sessionStorage.removeItem("focus");
  if (focus && byId(focus)) {
    byId(focus).focus();
    byId(focus).scrollIntoView({ block: "center" });
  }
})();
