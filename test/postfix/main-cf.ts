/**
 * The configuration of the private Postfix but for what infra/mta adds to it: a mail system that takes mail for the
 * groups from anybody on this machine, tries again at once, and delivers what goes back to the sender into a folder.
 */
import { senderDomain } from '../mta/scenario-by-mail.ts';

/** The maildir of everybody at the senders' domain, as seen in the place. */
export const mailbox = '/srv/mail/everybody';

export const mainCf = `
compatibility_level = 3.6
queue_directory = /srv/queue
data_directory = /srv/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = /srv/mail.log
maillog_file_prefixes = /srv
enable_long_queue_ids = yes

inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
myhostname = mx.example.net
mydestination = localhost
local_recipient_maps =
alias_database =
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
local_header_rewrite_clients =
recipient_delimiter = +
message_size_limit = 52428800
mailbox_size_limit = 0
biff = no

virtual_mailbox_domains = ${senderDomain}
virtual_mailbox_base = /srv/mail
virtual_mailbox_maps = static:everybody/
virtual_mailbox_limit = 0
virtual_minimum_uid = 1
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
default_transport = discard

queue_run_delay = 1s
minimal_backoff_time = 2s
maximal_backoff_time = 3s
notify_classes =
`;

/** The SMTP server's socket, as seen in the place. */
export const smtpSocket = '/srv/queue/public/smtpd';

/**
 * The services but smtp2gs itself. `smtpd` listens on a socket of the place, so that no port can be taken by somebody
 * else; `postlog` writes the mail log, since there is no syslog in the place.
 */
export const masterCf = `
smtpd    unix      n - n -     - smtpd
pickup   unix      n - n 1     1 pickup
cleanup  unix      n - n -     0 cleanup
qmgr     unix      n - n 1     1 qmgr
rewrite  unix      - - n -     - trivial-rewrite
bounce   unix      - - n -     0 bounce
defer    unix      - - n -     0 bounce
trace    unix      - - n -     0 bounce
verify   unix      - - n -     1 verify
proxymap unix      - - n -     - proxymap
showq    unix      n - n -     - showq
error    unix      - - n -     - error
retry    unix      - - n -     - error
discard  unix      - - n -     - discard
local    unix      - n n -     - local
virtual  unix      - n n -     - virtual
lmtp     unix      - - n -     - lmtp
anvil    unix      - - n -     1 anvil
flush    unix      n - n 1000? 0 flush
postlog  unix-dgram n - n -    1 postlogd
`;
