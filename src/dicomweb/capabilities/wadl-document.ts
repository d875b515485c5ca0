import { escapeXmlAttribute } from '#engine/dicom/xml-model/escape-xml.js';
import type { ParameterDoc } from '#src/http/route-doc.js';
import type { Capability, CapabilityResource } from './capabilities-tree.js';

const parameterTypes = { integer: 'xs:int', boolean: 'xs:boolean', string: 'xs:string' } as const;

/** A Capabilities Description, PS3.18 Annex H: a WADL document of one resource and those below it. `base` is an absolute URL. */
export function wadlDocument(base: string, resource: CapabilityResource): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<application xmlns="http://wadl.dev.java.net/2009/02" xmlns:xs="http://www.w3.org/2001/XMLSchema">' +
    `<resources base="${escapeXmlAttribute(base)}">${resourceXml(resource)}</resources></application>`
  );
}

function resourceXml({ path, methods, resources }: CapabilityResource): string {
  const templates = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name]) => `<param name="${name}" style="template" required="true" type="xs:string"/>`,
  );
  const inner = [...templates, ...methods.map(methodXml), ...resources.map(resourceXml)].join('');
  return `<resource path="${escapeXmlAttribute(path)}">${inner}</resource>`;
}

function methodXml({ method, name, doc }: Capability): string {
  const { summary = name, parameters = [], requestTypes = [], responseTypes = [] } = doc ?? {};
  const accept = responseTypes.map((type) => `<option value="${escapeXmlAttribute(type)}"/>`);
  const acceptParameter =
    accept.length === 0 ? '' : `<param name="Accept" style="header">${accept.join('')}</param>`;
  const request = [
    acceptParameter,
    ...parameters.map(parameterXml),
    ...requestTypes.map(representationXml),
  ].join('');
  const responses = (doc?.statuses ?? []).map((status) => {
    const body =
      status < 300 && status !== 204 ? responseTypes.map(representationXml).join('') : '';
    return `<response status="${status}">${body}</response>`;
  });
  return (
    `<method name="${method}" id="${escapeXmlAttribute(name)}">` +
    `<doc title="${escapeXmlAttribute(summary)}"/>` +
    `<request>${request}</request>${responses.join('')}</method>`
  );
}

function parameterXml({ name, doc, type = 'string' }: ParameterDoc): string {
  return (
    `<param name="${escapeXmlAttribute(name)}" style="query" type="${parameterTypes[type]}">` +
    `<doc title="${escapeXmlAttribute(doc)}"/></param>`
  );
}

function representationXml(type: string): string {
  return `<representation mediaType="${escapeXmlAttribute(type)}"/>`;
}
