/** Makes a branch of what its parent holds now. Without `endpoints` it gets no compute, which would cost by the hour. */
export const markRequest = (project: string, { parent, name }: { readonly parent: string; readonly name: string }) => ({
  method: 'POST' as const,
  path: `/projects/${project}/branches`,
  body: { branch: { parent_id: parent, name } },
})
