import { GantryError } from '#engine/base/error-catalogue.js';
import type { RenderParameters } from '#engine/codec/render/rendering.js';
import type { PictureSubject } from '#engine/engine-types.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, varyByAccept } from '../resource-etag.js';
import { respondParts, respondStreamedParts, type ResponsePart } from './parts-response.js';
import {
  animatedTypes,
  chooseRenderedMedia,
  pictureFormats,
  type RenderedMedia,
} from './rendered-media.js';
import { renderedEtag, type RenderedRequest } from './rendered-request.js';
import type { SectionBody } from './section-source.js';

/** Answers with pictures: one frame, several in one animated file, or several as parts. */
export async function respondPictures(
  service: DicomwebService,
  context: RequestContext,
  request: RenderedRequest,
): Promise<void> {
  const { rendering } = service.engine;
  const subject = rendering.pictureSubject(request.partition, request.record);
  const media = choosePictureMedia(service, request);
  const frames = framesOf(service, request, { subject, media });
  const format = pictureFormats.get(media.mediaType)!;
  const parameters: RenderParameters = { ...request.parameters, format };
  const { image, state } = subject;
  const etag = renderedEtag(
    state === undefined ? [image] : [image, state],
    [frames.join(), media.isMultipart, JSON.stringify(parameters)].join('|'),
  );
  const headers: HttpHeaders = [['cache-control', request.caching]];
  if (answerNotModified(context, etag, [varyByAccept, ...headers])) return;
  if (frames.length === 1 ? !media.isMultipart : isAnimation(media)) {
    const picture = await rendering.renderPicture(subject, frames, parameters);
    const type = ['content-type', media.mediaType] as const;
    context.respond(200, [type, ['etag', etag], varyByAccept, ...headers], picture);
    return;
  }
  const part = async (frame: number): Promise<ResponsePart> => {
    const picture = await rendering.renderPicture(subject, [frame], parameters);
    return { contentType: media.mediaType, headers: [], body: bytesBody(picture) };
  };
  // Whether they can be rendered at all is known before the answer begins.
  const first = await part(frames[0]!);
  const head = { status: 200, etag, headers } as const;
  if (frames.length === 1) {
    return respondParts(context, head, media.mediaType, () => [first][Symbol.iterator]());
  }
  const parts = following(first, frames.slice(1), part);
  return respondStreamedParts(context, head, media.mediaType, parts);
}

function choosePictureMedia(
  { dialect }: DicomwebService,
  { accepted }: RenderedRequest,
): RenderedMedia {
  const all = [...pictureFormats.keys()];
  if (dialect.renderedMedia === 'any') return chooseRenderedMedia(accepted, all);
  if (accepted.length > 1) {
    throw new GantryError('not-acceptable', 'one media type can be asked for, not several');
  }
  return chooseRenderedMedia(accepted, all.slice(0, 2));
}

/** The frames to send: those asked for, all of them where an animation is, or the one that stands for all. */
function framesOf(
  { engine }: DicomwebService,
  { frameNumbers }: RenderedRequest,
  { subject, media }: { readonly subject: PictureSubject; readonly media: RenderedMedia },
): readonly number[] {
  const { frameCount, representativeFrame } = subject;
  if (frameNumbers === undefined) {
    const isWhole = isAnimation(media) && frameCount > 1;
    return isWhole ? engine.rendering.animationFrames(subject) : [representativeFrame];
  }
  if (Math.max(...frameNumbers) > frameCount) {
    throw new GantryError('not-found', `the instance has ${frameCount} frames`);
  }
  return frameNumbers;
}

function isAnimation({ mediaType, isMultipart }: RenderedMedia): boolean {
  return animatedTypes.has(mediaType) && !isMultipart;
}

function* following(
  first: ResponsePart,
  frames: readonly number[],
  part: (frame: number) => Promise<ResponsePart>,
): Generator<ResponsePart | Promise<ResponsePart>> {
  yield first;
  for (const frame of frames) yield part(frame);
}

function bytesBody(bytes: Uint8Array): SectionBody {
  return {
    length: bytes.length,
    read: (position, target) => {
      const piece = bytes.subarray(position, position + target.length);
      target.set(piece);
      return piece.length;
    },
  };
}
