// The demo's own pages: nothing is asked of another host.
export const escaped = (text) => String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const STYLE = `
  body { font: 1.1rem/1.5 system-ui, sans-serif; margin: 0; background: #f4f1ec; color: #1f1b16; }
  main { max-width: 34rem; margin: 0 auto; padding: 1rem; }
  .demo { background: #8a1c00; color: #fff; padding: .8rem 1rem; text-align: center; font-weight: 600; }
  button { display: block; width: 100%; box-sizing: border-box; margin: .6rem 0; padding: .8rem 1rem;
    font: inherit; text-align: left; color: inherit; background: #fff; border: 2px solid #6b5c4a;
    border-radius: .5rem; cursor: pointer; }
  button:hover { background: #fbe9d0; } button:focus-visible { outline: 4px solid #0b5cad; }
  small { display: block; color: #4f4436; }`;

export const page = (title, body) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><div class="demo" role="note">DEMO. No passwords: whoever sits at this machine can be anyone.
Never for real work.</div><main><h1>${escaped(title)}</h1>${body}</main></body></html>`;

export const signIn = (uid, people) => page('Who are you today?', people.map((one) => `
<form method="post" action="/sign-in/${escaped(uid)}">
<button name="sub" value="${escaped(one.sub)}">${escaped(one.name)}
<small>${escaped(one.does)}${one.shop ? `, ${escaped(one.shop)}` : ''}</small></button></form>`).join(''));

export const signOut = (form) => page('Sign out?', `${form}
<button form="op.logoutForm" name="logout" value="yes" autofocus>Yes, sign out</button>
<button form="op.logoutForm">No, stay</button>`);
