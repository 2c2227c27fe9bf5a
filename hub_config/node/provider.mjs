// A real OpenID provider for a machine without one: for trying the hub out, on loopback alone.
// usage: node provider.mjs SETTINGS.json   (made by hub_config.demo_provider, private to its owner)
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

import { page, escaped, signIn, signOut } from './pages.mjs';
import { PEOPLE } from './people.mjs';
import { storeIn } from './store.mjs';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// a benchmark wants more of them
const people = [...PEOPLE, ...settings.people];
const issuer = `http://127.0.0.1:${settings.port}`;
const html = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "frame-ancestors 'none'" };

const provider = new Provider(issuer, {
  adapter: storeIn(settings.store),
  clients: [{
    client_id: settings.client_id,
    client_secret: settings.client_secret,
    redirect_uris: [`${settings.hub}/hub/oauth_callback`],
    post_logout_redirect_uris: [`${settings.hub}/`],
    grant_types: ['authorization_code', 'refresh_token'],
  }],
  jwks: { keys: settings.keys },
  cookies: { keys: settings.cookie_keys },
  claims: { openid: ['sub'], profile: ['name', 'shop'], groups: ['groups'] },
  scopes: ['openid', 'offline_access', 'profile', 'groups'],
  pkce: { required: () => true },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource: (ctx, form) => { ctx.body = signOut(form); },
      postLogoutSuccessSource: (ctx) => { ctx.body = page('Signed out', ''); },
    },
  },
  interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
  issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
  rotateRefreshToken: false,
  ttl: {
    AccessToken: settings.access_s, IdToken: 3600, Grant: 1209600, Session: 1209600,
    RefreshToken: 1209600, Interaction: 3600, AuthorizationCode: 60,
  },
  renderError: (ctx, out) => {
    ctx.body = page('That did not work', `<p>${escaped(out.error_description ?? out.error)}</p>
<p><a href="${escaped(settings.hub)}">Begin again</a></p>`);
  },
  // there is one client, and it is ours: nobody is asked for consent
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope('openid offline_access profile groups');
    await grant.save();
    return grant;
  },
  async findAccount(_, sub) {
    const person = people.find((one) => one.sub === sub);
    return person && {
      accountId: sub,
      claims: () => ({ sub, name: person.name, shop: person.shop, groups: person.groups }),
    };
  },
});

async function sub(request) {
  let sent = '';
  for await (const part of request) if ((sent += part).length > 1000) throw new Error('too much was sent');
  return new URLSearchParams(sent).get('sub');
}

async function interaction(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method !== 'POST') return response.writeHead(200, html).end(signIn(uid, people));
  const accountId = await sub(request);
  if (!people.some((one) => one.sub === accountId)) throw new Error('there is no such person');
  return provider.interactionFinished(request, response, { login: { accountId } });
}

const answer = provider.callback();
createServer((request, response) => {
  if (!request.url.startsWith('/sign-in/')) return answer(request, response);
  return interaction(request, response).catch((error) => response.writeHead(400, html).end(
    page('That did not work', `<p>${escaped(error.message)}</p><p><a href="${escaped(settings.hub)}">Begin again</a></p>`),
  ));
}).listen(settings.port, '127.0.0.1', () => console.log(`The demo's OpenID provider is at ${issuer}`));
