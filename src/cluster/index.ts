export { findImages, findPodSpecs } from './images.ts';
export type { ImageUse } from './images.ts';
export { encodeReviewResponse, MAX_REVIEW_BYTES, parseReview } from './review.ts';
export type { AdmissionAnswer, AdmissionRequest, PatchOperation } from './review.ts';
