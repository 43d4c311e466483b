/**
 * The configuration of the private Exim but for what infra/mta/exim.txt adds to it: it takes mail for anybody and
 * delivers what goes back to the sender into a file.
 */
import { senderDomain } from '../mta/scenario-by-mail.ts';

/** The file into which everything for {@link senderDomain} is delivered, as seen in the place. */
export const mailboxFile = '/srv/mail/everybody';

export const logFile = '/srv/log/mainlog';

/** Puts the parts of the snippet, by the name of their section, where they belong. `retryAfter` is a time as in `1s`. */
export function eximConfig(program: string, retryAfter: string, part: (section: string) => string): string {
  return `
primary_hostname = mx.example.net
exim_path = ${program}
spool_directory = /srv/spool
log_file_path = /srv/log/%slog
pid_file_path = /srv/exim.pid
message_size_limit = 50M
acl_smtp_rcpt = accept
keep_environment =
add_environment = PATH=/usr/bin:/bin
never_users = root
queue_run_max = 5
${part('main')}

begin routers
${part('router')}
sender:
  driver = accept
  domains = ${senderDomain}
  transport = mailbox
elsewhere:
  driver = redirect
  data = :blackhole:

begin transports
${part('transport')}
mailbox:
  driver = appendfile
  file = ${mailboxFile}
  user = nobody

begin retry
* * F,2h,${retryAfter}
`;
}
