// What Cloudflare's Vite plugin reads of workerd while it builds: which compatibility dates it knows.
exports.version = "1.20261101.1";
exports.compatibilityDate = "2026-11-01";
