// The page of the web app: what the services say of themselves, and the content.

const byId = (id) => document.getElementById(id);

const config = await (await fetch('/api/config')).json();
byId('environment').textContent = config.environment;
byId('version').textContent = config.version ? `version ${config.version.slice(0, 8)}` : '';

await Promise.all([showServices(), showItems()]);

byId('add').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  const response = await fetch('/api/content/items', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ title: form.title.value, status: 'published' }),
  });
  const answer = await response.json();
  byId('error').hidden = response.ok;
  byId('error').textContent = response.ok ? '' : answer.error.message;
  if (response.ok) {
    form.reset();
    await showItems();
  }
});

async function showServices() {
  const [own, api, behind] = await Promise.all([
    health('web', '/health'),
    health('stripe-webhook-handler', `${config.apiUrl}/health`), // another origin: CORS lets us in
    fetch('/api/status').then((response) => response.json()),
  ]);
  byId('services').replaceChildren(...[own, ...behind.services, api].map(card));
}

async function health(service, url) {
  try {
    const response = await fetch(url);
    const { status, checks } = await response.json();
    return { service, healthy: status === 'healthy', checks };
  } catch {
    return { service, healthy: false, checks: {} };
  }
}

function card({ service, healthy, checks }) {
  const item = element('li', { className: healthy ? 'healthy' : '' });
  const list = element('dl');
  for (const [name, result] of Object.entries(checks)) {
    list.append(element('dt', { textContent: name }), element('dd', { textContent: result.status, className: result.status }));
  }
  item.append(element('h3', { textContent: service, title: healthy ? 'healthy' : 'not healthy' }), list);
  return item;
}

async function showItems() {
  const response = await fetch('/api/content/items');
  const { items = [] } = response.ok ? await response.json() : {};
  const rows = items.map(({ title, created_at: created }) => {
    const row = element('li');
    const when = new Date(created);
    row.append(
      element('span', { textContent: title }),
      element('time', { textContent: when.toLocaleString(), dateTime: when.toISOString() }),
    );
    return row;
  });
  byId('items').replaceChildren(...(rows.length > 0 ? rows : [element('li', { textContent: 'Nothing yet.' })]));
}

function element(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
