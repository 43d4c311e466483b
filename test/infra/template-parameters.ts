/** Two sets of parameters that between them reach every branch of the template: the smallest a site can do with, and the fullest. */
export const smallest = {
  RecipientDomains: 'groups.example.com',
  Sites: '{"groups.example.com": {"url": "https://groups.example.com", "instance": "default"}}',
  BounceSender: 'mailer-daemon@groups.example.com',
};

export const fullest = {
  ...smallest,
  RecipientDomains: 'groups.example.com,lists.example.org',
  ConfigSecretArn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:gsconfig-Ab1Cd2',
  ConfigKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/example',
  BounceIdentity: 'example.com',
  ExistingRuleSet: 'company',
  AlarmEmail: 'postmaster@example.com',
  QuietHours: '12',
  SubnetIds: 'subnet-0a,subnet-0b',
  SecurityGroupIds: 'sg-0a',
};
