// A small reader for the multipart form that `wrangler deploy --dry-run --outfile` writes.

const TYPES = {
  'application/javascript+module': 'esm',
  'application/javascript': 'commonjs',
  'text/plain': 'text',
  'application/octet-stream': 'data',
  'application/wasm': 'wasm',
  'text/x-python': 'python',
  'application/source-map': 'sourcemap',
};

/**
 * @param {Buffer} form its first line is the boundary
 * @returns {{metadata: object, modules: {name: string, type: string, base64: string}[]}}
 */
export function parseUploadForm(form) {
  const boundary = form.subarray(0, form.indexOf('\r\n'));
  const modules = [];
  let metadata;
  for (const part of split(form, boundary)) {
    const end = part.indexOf('\r\n\r\n');
    const head = part.subarray(0, end).toString();
    const content = part.subarray(end + 4, part.length - 2); // without the line end before the boundary
    const name = /name="([^"]*)"/.exec(head)[1];
    const contentType = /^Content-Type: ([^;\r\n]*)/im.exec(head)?.[1];
    if (name === 'metadata') metadata = JSON.parse(content);
    else modules.push({ name, type: TYPES[contentType], base64: content.toString('base64') });
  }
  return { metadata, modules };
}

/** The parts between boundaries; the last boundary ends with `--`. */
function split(form, boundary) {
  const parts = [];
  let start = boundary.length + 2;
  for (let end; (end = form.indexOf(boundary, start)) >= 0; start = end + boundary.length + 2) {
    parts.push(form.subarray(start, end));
  }
  return parts;
}
