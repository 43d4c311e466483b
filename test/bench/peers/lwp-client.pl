# What a site would write with Perl's LWP, as rt-mailgate is: reads the mail, looks the group up, adds the post.
use strict;
use warnings;
use HTTP::Request::Common qw(POST);
use LWP::UserAgent;
use MIME::Base64 qw(encode_base64);

my ($url, $config, $recipient, $ca) = @ARGV;
open(my $file, '<', $config) or die;
my ($token) = map { /^token = (.*)$/ ? $1 : () } <$file>;
binmode(STDIN);
my $mail = do { local $/; <STDIN> };

my $agent = LWP::UserAgent->new(keep_alive => 1, ssl_opts => { SSL_ca_file => $ca });

sub post {
    my ($page, %fields) = @_;
    my $answer = $agent->request(POST($url . $page, Content_Type => 'form-data',
        Content => [map { ("form.$_" => $fields{$_}) } keys %fields]));
    exit(75) unless $answer->is_success;
    return $answer->content;
}

my ($group) = post('/gs-group-messages-add-group-exists.html',
    email => $recipient, token => $token, 'actions.check' => 'Check') =~ /"groupId":"([^"]+)"/;
my $page = post('/gs-group-messages-add-email.html', emailMessage => encode_base64($mail, ''),
    groupId => $group, timeSource => 'server', token => $token, 'actions.add' => 'Add');
exit($page =~ /alert-info/ ? 0 : 75);
