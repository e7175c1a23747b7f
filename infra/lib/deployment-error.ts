/** Something that the person who deploys has to change first: a setting, or a tool that is missing. The message says what. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
}
