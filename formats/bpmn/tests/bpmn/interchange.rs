//! Reading and writing keeps everything: compared on the XML trees, not on the model that does both.

use bpmn::Model;
use roxmltree::{Document, Node};

use crate::support::{self, tree};

#[track_caller]
fn kept(name: &str, source: &str) -> Model {
    let model = Model::parse(source).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    let written = model.to_xml();
    let (before, after) = (Document::parse(source).unwrap(), Document::parse(&written).unwrap());
    let same = tree::compare(name, &tree::of(before.root_element()), &tree::of(after.root_element()));
    assert_eq!(same, Ok(()));
    let again = Model::parse(&written).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    assert_eq!(again.to_xml(), written, "{name}: writing is stable");
    model
}

/// Every kind of element the types know, with children in an order the schema does not allow, other default
/// namespaces, elements of other vendors, elements without namespace, and characters that need care.
const EVERYTHING: &str = r##"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:vendor"
    xmlns:m="urn:meer:bpmn:1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:bpmn="urn:not-bpmn"
    id="d" name="&lt;Ä &amp; &quot;Ö&quot;&gt;" targetNamespace="urn:t" exporter="x" exporterVersion="1"
    expressionLanguage="feel" typeLanguage="none" v:note="a&#10;b">
  <relationship type="r"><source>p</source><target>p</target></relationship>
  <message id="msg" name="paid" itemRef="item"/><signal id="sig" name="s"/><error id="err" errorCode="x"/>
  <escalation id="esc" escalationCode="y"/><itemDefinition id="item" isCollection="true" itemKind="Information"/>
  <dataStore id="store" capacity="3" isUnlimited="false"/>
  <category id="cat"><categoryValue id="cv" value="w"/></category>
  <resource id="res" name="Amt"/><globalTask id="gt" name="g"/><globalManualTask id="gm"/>
  <globalUserTask id="gu" implementation="x"><potentialOwner><resourceRef>res</resourceRef></potentialOwner></globalUserTask>
  <globalBusinessRuleTask id="gb"/>
  <interface id="if" name="i" implementationRef="x"><operation id="op" name="o"><outMessageRef>msg</outMessageRef>
    <inMessageRef>msg</inMessageRef><errorRef>err</errorRef></operation></interface>
  <collaboration id="col"><messageFlow id="mf" sourceRef="part" targetRef="p2"/><participant id="part" processRef="p"/>
    <participant id="p2" name="Bürger"/></collaboration>
  <process id="p" isExecutable="true" processType="Private" isClosed="false">
    <documentation textFormat="text/plain">Zeile 1
      Zeile 2</documentation>
    <association id="as" sourceRef="t" targetRef="ta" associationDirection="One"/>
    <textAnnotation id="ta"><text>frei &lt;b&gt;</text></textAnnotation>
    <group id="gr" categoryValueRef="cv"/>
    <startEvent id="s"><outgoing>f1</outgoing><extensionElements><v:a xmlns=""><plain x="1">text<v:b/>tail</plain></v:a></extensionElements></startEvent>
    <sequenceFlow id="f1" sourceRef="s" targetRef="t" isImmediate="true"><conditionExpression xsi:type="tFormalExpression" language="feel">a &gt; 1 and b &lt; 2</conditionExpression></sequenceFlow>
    <userTask id="t" name="Prüfen" m:form="f" m:unit="=office" m:due="P1D" m:four-eyes="u" m:medienbruch="true" implementation="x" default="f2">
      <multiInstanceLoopCharacteristics isSequential="true" behavior="All" m:collection="=offices" m:item="office" m:output="answer" m:outputs="answers"><completionCondition>c</completionCondition><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>
      <outgoing>f2</outgoing><incoming>f1</incoming>
      <potentialOwner id="po"><resourceRef>res</resourceRef></potentialOwner>
      <performer id="pf" name="n"><resourceAssignmentExpression id="ra"><formalExpression language="feel">x</formalExpression></resourceAssignmentExpression></performer>
      <humanPerformer id="hp"><resourceAssignmentExpression><expression>y</expression></resourceAssignmentExpression></humanPerformer>
      <ioSpecification id="io"><inputSet name="is"><outputSetRefs>os</outputSetRefs><dataInputRefs>di1</dataInputRefs><optionalInputRefs>di1</optionalInputRefs></inputSet>
        <dataInput id="di1" name="n" itemSubjectRef="item" isCollection="true"><dataState name="ds"/></dataInput>
        <outputSet id="os"><whileExecutingOutputRefs>do1</whileExecutingOutputRefs></outputSet><dataOutput id="do1"/></ioSpecification>
      <dataOutputAssociation id="doa"><sourceRef>do1</sourceRef><targetRef>prop</targetRef><assignment><from>a</from><to xsi:type="tFormalExpression">b</to></assignment></dataOutputAssociation>
      <dataInputAssociation id="dia"><transformation language="l">t</transformation><sourceRef>prop</sourceRef><sourceRef>prop</sourceRef><targetRef>di1</targetRef></dataInputAssociation>
      <property id="prop" name="n"/>
      <extensionElements><m:input name="i" value="a + &quot;b&quot;"/><m:output name="o" value="result.x"/></extensionElements>
    </userTask>
    <manualTask id="u"><standardLoopCharacteristics testBefore="true" loopMaximum="4"><loopCondition>z</loopCondition></standardLoopCharacteristics></manualTask>
    <serviceTask id="sv" m:command="c" operationRef="op"/><businessRuleTask id="br" m:decision="f#d"/>
    <scriptTask id="sc" scriptFormat="text/x"><script>a &amp;&amp; b</script></scriptTask>
    <sendTask id="sd" messageRef="msg"/><receiveTask id="rc" messageRef="msg" m:key="k" instantiate="false"/><task id="ab"/>
    <callActivity id="ca" calledElement="q"/>
    <subProcess id="sub" triggeredByEvent="false"><dataObject id="do" isCollection="true"/>
      <dataObjectReference id="dor" dataObjectRef="do"><dataState name="neu"/></dataObjectReference></subProcess>
    <transaction id="tr"/><adHocSubProcess id="ah"><completionCondition>d</completionCondition><task id="in"/></adHocSubProcess>
    <dataStoreReference id="dsr" dataStoreRef="store"/>
    <boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><timerEventDefinition id="ted"><timeCycle xsi:type="tFormalExpression">R3/P1D</timeCycle></timerEventDefinition></boundaryEvent>
    <intermediateCatchEvent id="c1" parallelMultiple="true"><messageEventDefinition messageRef="msg"><operationRef>op</operationRef></messageEventDefinition><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>
    <intermediateCatchEvent id="c2"><conditionalEventDefinition><condition>x</condition></conditionalEventDefinition></intermediateCatchEvent>
    <intermediateCatchEvent id="c3"><timerEventDefinition><timeDate>2026-01-01</timeDate></timerEventDefinition></intermediateCatchEvent>
    <intermediateCatchEvent id="c4"><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <intermediateCatchEvent id="c5"><linkEventDefinition name="l"/></intermediateCatchEvent>
    <intermediateThrowEvent id="th"><linkEventDefinition name="l"><source>a</source><target>b</target></linkEventDefinition></intermediateThrowEvent>
    <intermediateThrowEvent id="th2"><compensateEventDefinition activityRef="u" waitForCompletion="true"/></intermediateThrowEvent>
    <endEvent id="e1"><terminateEventDefinition/></endEvent><endEvent id="e2"><errorEventDefinition errorRef="err"/></endEvent>
    <endEvent id="e3"><escalationEventDefinition escalationRef="esc"/></endEvent><endEvent id="e4"><cancelEventDefinition/></endEvent>
    <endEvent id="e5"><eventDefinitionRef>x</eventDefinitionRef></endEvent>
    <exclusiveGateway id="g1" gatewayDirection="Diverging"/><parallelGateway id="g2"/><inclusiveGateway id="g3" default="f2"/>
    <eventBasedGateway id="g4" instantiate="false" eventGatewayType="Exclusive"/><complexGateway id="g5"/>
    <sequenceFlow id="f2" sourceRef="t" targetRef="e1"/>
    <laneSet id="ls"><lane id="la" name="Amt"><flowNodeRef>t</flowNodeRef><childLaneSet id="cls"><lane id="lb"/></childLaneSet></lane></laneSet>
  </process>
  <import namespace="urn:i" location="i.bpmn" importType="urn:type"/>
  <bd:BPMNDiagram xmlns:bd="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
      xmlns:dd="http://www.omg.org/spec/DD/20100524/DI" id="diagram" name="n" resolution="96.00">
    <bd:BPMNLabelStyle id="sty"><dc:Font name="Arial" size="11.5" isBold="false" isItalic="true" isUnderline="false" isStrikeThrough="false"/></bd:BPMNLabelStyle>
    <bd:BPMNPlane id="pl" bpmnElement="p">
      <bd:BPMNShape id="sh" bpmnElement="t" isHorizontal="true" isExpanded="false" isMarkerVisible="true" isMessageVisible="false"
          participantBandKind="top_initiating" choreographyActivityShape="sh" v:colour="red">
        <bd:BPMNLabel id="lab" labelStyle="sty"><dc:Bounds x="0" y="1e1" width="2" height="3"/></bd:BPMNLabel>
        <dc:Bounds x="-1.5" y="2" width="100.0" height="80"/>
        <dd:extension><v:x/></dd:extension></bd:BPMNShape>
      <bd:BPMNEdge id="ed" bpmnElement="f1" sourceElement="sh" targetElement="sh" messageVisibleKind="initiating">
        <bd:BPMNLabel/><dd:waypoint xsi:type="dc:Point" x="1" y="2"/><dd:waypoint x="3" y="4.25"/></bd:BPMNEdge>
    </bd:BPMNPlane>
  </bd:BPMNDiagram>
</definitions>"##;

#[test]
fn everything_is_kept() {
    kept("everything", EVERYTHING);
}

#[test]
fn children_are_written_in_the_order_of_the_schema() {
    let written = Model::parse(EVERYTHING).unwrap().to_xml();
    let document = Document::parse(&written).unwrap();
    let children = |id: &str| -> Vec<String> {
        let node = document.descendants().find(|node| node.attribute("id") == Some(id)).unwrap();
        let mut names: Vec<String> =
            node.children().filter(Node::is_element).map(|child| child.tag_name().name().to_owned()).collect();
        names.dedup();
        names
    };
    assert_eq!(
        children("t"),
        [
            "extensionElements",
            "incoming",
            "outgoing",
            "ioSpecification",
            "property",
            "dataInputAssociation",
            "dataOutputAssociation",
            "potentialOwner",
            "performer",
            "humanPerformer",
            "multiInstanceLoopCharacteristics"
        ]
    );
    assert_eq!(children("io"), ["dataInput", "dataOutput", "inputSet", "outputSet"]);
    assert_eq!(children("dia"), ["sourceRef", "targetRef", "transformation"]);
    assert_eq!(children("op"), ["inMessageRef", "outMessageRef", "errorRef"]);
    assert_eq!(children("sh"), ["extension", "Bounds", "BPMNLabel"]);
    assert_eq!(children("ed"), ["waypoint", "BPMNLabel"]);
    assert_eq!(children("diagram"), ["BPMNPlane", "BPMNLabelStyle"]);
    assert_eq!(children("col"), ["participant", "messageFlow"]);
    assert_eq!(children("s"), ["extensionElements", "outgoing"]);
    let process = children("p");
    assert_eq!(process[..3], ["documentation", "laneSet", "startEvent"]);
    assert_eq!(process[process.len() - 3..], ["association", "textAnnotation", "group"]);
    let definitions = children("d");
    assert_eq!(definitions[0], "import");
    assert_eq!(definitions[definitions.len() - 2..], ["BPMNDiagram", "relationship"]);
}

#[test]
fn a_written_model_runs_the_same() {
    let process = format!(
        r#"<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="x" default="x-b"/><bpmn:userTask id="a" meer:form="f"/>
        <bpmn:userTask id="b" meer:form="f"/><bpmn:endEvent id="e"/>{}"#,
        support::flows("s-x x-a:one x-b a-e b-e")
    );
    let mut first = support::Run::new(&process);
    let mut second =
        support::Run { model: Model::parse(&first.model.to_xml()).unwrap(), ..support::Run::new(&process) };
    let vars = serde_json::json!({"one": true});
    assert_eq!(first.start(vars.clone()), second.start(vars));
    assert_eq!(first.state, second.state);
}
