// What Workers ask the internet: Neon's hosts are on this machine, everything else is where it is.

/** Name of the Worker that all requests of Workers to the outside pass. */
export const OUTBOUND = 'codex-actions outbound';

// Runs in workerd. The driver asks `https://api.<region>/sql` and `wss://<endpoint>/v2` on their usual ports; a name
// below `localhost` is not resolved everywhere, and nobody but root may listen on 443.
const SCRIPT = `export default {
  fetch(request, env) {
    const { hostname } = new URL(request.url);
    return hostname.endsWith('.' + env.DOMAIN) ? env.NEON.fetch(request) : fetch(request);
  },
};`;

/**
 * @param {{domain: string, address: string, ca: string}} neon
 * @param {string} compatibilityDate
 */
export function outboundWorker({ domain, address, ca }, compatibilityDate) {
  return {
    name: OUTBOUND,
    modules: true,
    script: SCRIPT,
    compatibilityDate,
    // Sockets that a Worker opens (`connect()`) are not for us.
    compatibilityFlags: ['connect_pass_through', 'experimental'],
    bindings: { DOMAIN: domain },
    serviceBindings: {
      NEON: {
        external: { address, https: { tlsOptions: { trustedCertificates: [ca] }, certificateHost: `api.${domain}` } },
      },
    },
    outboundService: { network: { allow: ['public', 'private'], tlsOptions: { trustBrowserCas: true, trustedCertificates: [ca] } } },
  };
}
