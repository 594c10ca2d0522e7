// The parts of the modelling libraries that are used here; they bring no types of their own, or looser ones.

declare module "bpmn-js/lib/Modeler" {
  export default class Modeler {
    constructor(options: Record<string, unknown>);
    importXML(xml: string): Promise<{ warnings: { message: string }[] }>;
    saveXML(options: { format: boolean }): Promise<{ xml?: string }>;
    on(event: string, listener: (event: never) => void): void;
    get<T>(name: string): T;
  }
}

declare module "dmn-js/lib/Modeler" {
  export default class Modeler {
    constructor(options: Record<string, unknown>);
    importXML(xml: string): Promise<{ warnings: { message: string }[] }>;
    saveXML(options: { format: boolean }): Promise<{ xml?: string }>;
    getViews(): { type: string; name?: string; element: { $type: string } }[];
    open(view: unknown): Promise<unknown>;
    getActiveView(): { type: string } | undefined;
  }
}

declare module "bpmn-js-i18n/translations/de" {
  const texts: Record<string, string>;
  export default texts;
}

declare module "*.css";
