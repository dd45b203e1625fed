import type { Mode } from '@tenantry/service';
import {
  GraphQLError,
  NoSchemaIntrospectionCustomRule,
  specifiedRules,
  type ASTVisitor,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Selection sets within selection sets at most: more than the gateway's plans have, and far from what overflows the stack. */
const maxDepth = 200;

/** What makes an operation valid: in production, that it does not ask for the schema, too. */
export function operationRules(mode: Mode): readonly ValidationRule[] {
  const production = [NoSchemaIntrospectionCustomRule, noServiceSdl];
  return [...specifiedRules, notTooDeep, ...(mode === 'production' ? production : [])];
}

function notTooDeep(context: ValidationContext): ASTVisitor {
  let depth = 0;
  return {
    SelectionSet: {
      enter: (node) => {
        depth++;
        if (depth === maxDepth + 1)
          context.reportError(new GraphQLError(`Fields nest up to ${maxDepth} deep, and not more.`, { nodes: node }));
      },
      leave: () => {
        depth--;
      },
    },
  };
}

/** Federation's own introspection: the schema as text. */
function noServiceSdl(context: ValidationContext): ASTVisitor {
  return {
    Field(node) {
      if (node.name.value !== '_service' || context.getParentType() !== context.getSchema().getQueryType()) return;
      context.reportError(new GraphQLError('Introspection is off: `_service` is answered in development only.', { nodes: node }));
    },
  };
}
