export { HttpError } from './errors.ts';
export { idOf, optionalText, readJson, requiredText } from './input.ts';
export { limitRate } from './rate-limit.ts';
export { type Context, type Handler, type Routes } from './router.ts';
export { serve } from './serve.ts';
