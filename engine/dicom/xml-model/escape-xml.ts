// XML 1.0 §2.2 has no place for most control characters, for surrogates without a partner and for two noncharacters.
const unwritable =
  /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const special = /[&<>"\r]|[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]/;

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser reads a bare carriage return as a line feed (XML 1.0 §2.11).
  '\r': '&#13;',
};

/** Text as the content of an XML element; what XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  if (!special.test(text)) return text;
  return text.replace(unwritable, '\ufffd').replace(/[&<>"\r]/g, (found) => references[found]!);
}

/** Text as the value of an XML attribute: parsers turn bare line breaks and tabs there into spaces (XML 1.0 §3.3.3). */
export function escapeXmlAttribute(text: string): string {
  return escapeXml(text).replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');
}
