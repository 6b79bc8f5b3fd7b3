// The one address that workerd is reached at. Every new set of Workers has a workerd of its own, on a port of
// its own choosing; requests that arrive between the old one's end and the new one's turn wait here.

import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';

/** How long requests that are under way may hold up a swap. */
const DRAIN_MS = 3000;

export class Front {
  #agent = new http.Agent({ keepAlive: true });
  #server = http.createServer((request, response) => this.#forward(request, response));
  #target = new Gate();
  #underWay = new Set();

  static async listen() {
    const front = new Front();
    front.#server.on('upgrade', (request, socket, head) => front.#upgrade(request, socket, head));
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Holds new requests back and waits for those under way. */
  async hold() {
    this.#target.close();
    const late = new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref());
    await Promise.race([Promise.allSettled([...this.#underWay]), late]);
  }

  /** Lets requests through to workerd on `port`. */
  release(port) {
    this.#agent.destroy(); // its idle connections led to the previous workerd
    this.#target.open(port);
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  async #forward(request, response) {
    const port = await this.#target.passed();
    const done = once(response, 'close').catch(() => {});
    this.#underWay.add(done);
    done.then(() => this.#underWay.delete(done));
    const { method, url: path, rawHeaders: headers } = request;
    const upstream = http.request({ agent: this.#agent, host: '127.0.0.1', port, method, path, headers, setHost: false });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', (error) => {
      if (response.headersSent) return response.destroy();
      response.writeHead(502, { 'Content-Type': 'text/plain' });
      response.end(`workerd did not answer: ${error.message}\n`);
    });
    response.on('close', () => upstream.destroy());
    request.on('error', () => upstream.destroy());
    request.pipe(upstream);
  }

  async #upgrade(request, socket, head) {
    socket.on('error', () => {});
    const port = await this.#target.passed();
    const upstream = connect(port, '127.0.0.1', () => {
      const headers = [];
      for (let at = 0; at < request.rawHeaders.length; at += 2) {
        headers.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}\r\n`);
      }
      upstream.write(`${request.method} ${request.url} HTTP/1.1\r\n${headers.join('')}\r\n`);
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  }
}

/** A value that is not always there: `passed` waits for it. */
class Gate {
  #value;
  #open;

  constructor() {
    this.close();
  }

  close() {
    if (this.#open) return;
    this.#value = new Promise((resolve) => (this.#open = resolve));
  }

  open(value) {
    this.close();
    this.#open(value);
    this.#open = null;
  }

  passed() {
    return this.#value;
  }
}
