// Where a page is.

/** Whether the page is one of the apps. */
export const addressed = location.pathname.includes("/voila/render/");
