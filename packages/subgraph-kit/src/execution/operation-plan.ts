import {
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { collectFields, type SelectionSource } from './collect-fields.ts';
import type { FieldBudget } from './field-budget.ts';
import { FieldPlan } from './field-plan.ts';
import { Selection, type SelectedField } from './selection.ts';

export interface OperationPlanOptions extends SelectionSource {
  readonly definition: OperationDefinitionNode;
  /** Shared by all plans of the operation. */
  readonly budget: FieldBudget;
}

/** A valid operation, taken apart once for any number of runs. Selections are compiled when an object is first there for them. */
export class OperationPlan {
  readonly schema: GraphQLSchema;
  readonly fragments: Record<string, FragmentDefinitionNode>;
  readonly definition: OperationDefinitionNode;
  readonly #source: SelectionSource;
  readonly #budget: FieldBudget;
  #isCutShort = false;

  constructor({ definition, budget, ...source }: OperationPlanOptions) {
    this.schema = source.schema;
    this.fragments = { ...source.fragments };
    this.definition = definition;
    this.#source = source;
    this.#budget = budget;
  }

  /** Whether it needs more fields than may be kept: what is compiled for it from then on is for one use only. */
  get isCutShort(): boolean {
    return this.#isCutShort;
  }

  /** The fields that `nodes`, which are one field of the response, select of an object of `type`. */
  compileSelection(type: GraphQLObjectType, nodes: readonly Pick<FieldNode, 'selectionSet'>[]): Selection {
    const selectionSets = nodes.flatMap(({ selectionSet }): readonly SelectionSetNode[] => (selectionSet ? [selectionSet] : []));
    const fields = [...collectFields(selectionSets, type, this.#source)];
    this.#isCutShort ||= !this.#budget.take(fields.length);
    return new Selection(fields.flatMap(([responseName, fieldNodes]) => this.#compileField(type, responseName, fieldNodes)));
  }

  #compileField(type: GraphQLObjectType, responseName: string, nodes: readonly FieldNode[]): SelectedField[] {
    const name = nodes[0]?.name.value ?? '';
    if (name === TypeNameMetaFieldDef.name) return [{ responseName, execute: () => type.name }];
    const field = this.#fieldOf(type, name);
    return field ? [new FieldPlan(this, type, field, [responseName, nodes])] : [];
  }

  #fieldOf(type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (type === this.schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return type.getFields()[name];
  }
}
