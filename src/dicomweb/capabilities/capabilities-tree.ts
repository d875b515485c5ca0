import type { Route } from '#src/http/http-service.js';
import type { RouteDoc } from '#src/http/route-doc.js';

/** A transaction that a resource has. */
export interface Capability {
  readonly method: string;
  readonly name: string;
  readonly doc?: RouteDoc;
}

/** A resource with its transactions and the resources below it, PS3.18 Annex H. */
export interface CapabilityResource {
  /** One segment of a path, or several where nothing is in between; a parameter in braces. */
  readonly path: string;
  readonly methods: readonly Capability[];
  readonly resources: readonly CapabilityResource[];
}

/**
 * The resource of a template and all below it, from the routes of a service. Retrieve Capabilities itself is left out, as Table
 * H-1 does.
 */
export function capabilitiesTree(routes: readonly Route[], template: string): CapabilityResource {
  const root: MutableResource = { path: template, methods: [], resources: [] };
  for (const { template: other, method, name, doc } of routes) {
    if (method === 'OPTIONS' || !(other === template || other.startsWith(`${template}/`))) continue;
    let resource = root;
    for (const segment of other.slice(template.length + 1).split('/')) {
      if (segment !== '') resource = childOf(resource, segment.replace('*}', '}'));
    }
    resource.methods.push(doc === undefined ? { method, name } : { method, name, doc });
  }
  return root;
}

interface MutableResource extends CapabilityResource {
  readonly methods: Capability[];
  readonly resources: MutableResource[];
}

function childOf(parent: MutableResource, path: string): MutableResource {
  const known = parent.resources.find((resource) => resource.path === path);
  if (known !== undefined) return known;
  const resource: MutableResource = { path, methods: [], resources: [] };
  parent.resources.push(resource);
  return resource;
}
