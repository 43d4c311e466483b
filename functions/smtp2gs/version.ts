/**
 * The version of this program; the build writes it in from package.json.
 */
declare const SMTP2GS_VERSION: string | undefined;

export const version: string = typeof SMTP2GS_VERSION === 'string' ? SMTP2GS_VERSION : 'development';
