export { chainToAnchor, checkCertificate } from './check-certificate.js';
export { fillLine, lineVariables, vietnamTime, type LineFacts, type LineVariable } from './fill-line.js';
export { StoredImages, type ImageSource } from './image-source.js';
export { prepareStep, type StepPreparation } from './prepare-step.js';
export { fieldOfStep, signingBase, type SigningBase } from './signing-base.js';
export { describeReport, isAcceptable, reportOf } from './screening/acceptable-signature.js';
export { holdersOf, readHolders } from './screening/holders.js';
export type { Holder, ScreenedWork, ScreeningPorts } from './screening/ports.js';
export { screenDocument } from './screening/screen-document.js';
