import type { App } from '#src/app.js';
import type { Config } from '#src/config/config-options.js';

/** Where the store listens and three commands to try, for people at a terminal. */
export function bannerText(
  config: Config,
  { httpUrl, dimseAddress }: Pick<App, 'httpUrl' | 'dimseAddress'>,
): string {
  const [host, port] = splitAddress(dimseAddress);
  const { aeTitle } = config.dimse;
  return `
  DICOMweb    ${httpUrl}/dicom-web
  DIMSE       ${aeTitle} at ${dimseAddress}
  operations  ${httpUrl}/readyz  /livez  /metrics  /version
  data        ${config.dataDir}

  store by HTTP     curl -F image=@image.dcm ${httpUrl}/dicom-web/studies
  store by DIMSE    storescu -aec ${aeTitle} ${host} ${port} image.dcm
  search            curl ${httpUrl}/dicom-web/studies

`;
}

function splitAddress(address: string): readonly [host: string, port: string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), address.slice(colon + 1)];
}
