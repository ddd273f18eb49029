"use strict";
(() => {
  const { opener: origin, close: done } = document.body.dataset;
  // The page that opened this window may be gone, or have been cut off by the
  // provider's pages; it learns of the end from the server as well.
  if (origin && window.opener) window.opener.postMessage("miniapp: signed in", origin);
  if (done === "true") setTimeout(() => window.close(), 800);
})();
