"use strict";
// The page that opened this window learns of the end from the server.
if (document.body.dataset.close === "true") setTimeout(() => window.close(), 800);
