import { HttpError } from './errors.ts';

/** Larger than anything that is sent on purpose. */
const MAX_BODY = 256 * 1024;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The request's body as a JSON object. */
export async function readJson(request: Request): Promise<Record<string, unknown>> {
  const text = await request.text();
  if (text.length > MAX_BODY) throw new HttpError(413, 'body_too_large', `the body may have ${MAX_BODY} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError(400, 'invalid_json', 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new HttpError(400, 'invalid_json', 'the body is not a JSON object');
  }
  return value as Record<string, unknown>;
}

/** A field that must be there: text that is not blank, without space around it. */
export function requiredText(body: Record<string, unknown>, field: string, maximum = 200): string {
  const value = optionalText(body, field, maximum);
  if (value === undefined || value === '') {
    throw new HttpError(422, 'invalid_field', `\`${field}\` is missing`);
  }
  return value;
}

export function optionalText(body: Record<string, unknown>, field: string, maximum = 200): string | undefined {
  const value = body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new HttpError(422, 'invalid_field', `\`${field}\` is not text`);
  const text = value.trim();
  if (text.length > maximum) {
    throw new HttpError(422, 'invalid_field', `\`${field}\` is longer than ${maximum} characters`);
  }
  return text;
}

/** An id from a path; one that cannot exist is not found, and never reaches the database. */
export function idOf(text: string | undefined): string {
  if (text === undefined || !UUID.test(text)) throw new HttpError(404, 'not_found', 'there is nothing with this id');
  return text;
}
