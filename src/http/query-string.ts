import { GantryError } from '#engine/base/error-catalogue.js';

/** The parameters of a query string in the order sent; names may be repeated, and empty. */
export type QueryParameters = readonly (readonly [name: string, value: string])[];

/**
 * Parses a query string as sent, without `?`. Percent-encoding is UTF-8 (PS3.18 §8.3.1), `+` is a space, empty parameters are
 * left out. Throws `bad-request` on a percent sign that encodes nothing: guessing at it would search for something else.
 */
export function parseQueryString(text: string): QueryParameters {
  const parameters: (readonly [string, string])[] = [];
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? '' : part.slice(equals + 1);
    parameters.push([decode(name), decode(value)]);
  }
  return parameters;
}

/** The first value of the parameter; names are compared as they are. */
export function queryParameter(parameters: QueryParameters, name: string): string | undefined {
  return parameters.find(([other]) => other === name)?.[1];
}

/** Every value of the parameter, in order. */
export function queryParameterValues(parameters: QueryParameters, name: string): string[] {
  return parameters.filter(([other]) => other === name).map(([, value]) => value);
}

function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw new GantryError('bad-request', 'the query string is not percent-encoded UTF-8', {
      cause,
    });
  }
}
