"use strict";
document.getElementById("back").requestSubmit();
