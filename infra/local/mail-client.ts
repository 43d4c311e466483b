/**
 * Sends a mail to the stack's SMTP port, as any mail server would. It knows nothing of what becomes of the mail behind
 * that port; it rejects with what nodemailer says, the SMTP reply included.
 */
import { createTransport, type SendMailOptions } from 'nodemailer';

/** What nodemailer takes; `raw` with an `envelope` sends bytes as they are. */
export type Mail = SendMailOptions;

/** Sends it and answers SES's message id; rejects with the SMTP reply when it is refused. */
export async function sendMail(port: number, mail: Mail): Promise<string> {
  const transport = createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true });
  try {
    const { response } = await transport.sendMail(mail);
    return /^250 OK (\S+)/.exec(response)?.[1] ?? '';
  } finally {
    transport.close();
  }
}
