// The simulated bioreactor as a LADS device, on node-opcua and the specifications' own sets of nodes, which come with
// it. Loopback only. Its argument, its input and its answers are those of bioreactor.js.
"use strict";

const readline = require("node:readline");
const {
    DataType, MessageSecurityMode, OPCUACertificateManager, OPCUAServer, SecurityPolicy, StatusCodes,
    coerceLocalizedText, nodesets,
} = require("node-opcua");
const { EUInformation } = require("node-opcua-types");

const given = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const LADS = "http://opcfoundation.org/UA/LADS/";
const UNECE = "http://www.opcfoundation.org/UA/units/un/cefact";

const FUNCTIONS = { // channel: function, type, variable, number and text of its unit
    "pH": ["pH", "AnalogScalarSensorFunctionType", "sensorValue", 5321520, "pH"],
    "dissolved_oxygen": ["DissolvedOxygen", "AnalogScalarSensorFunctionType", "sensorValue", 20529, "%"],
    "viable_cell_density": ["ViableCellDensity", "AnalogScalarSensorFunctionType", "sensorValue", 0, "cells/mL"],
    "temperature": ["Temperature", "AnalogControlFunctionType", "currentValue", 4408652, "°C"],
    "carbon_dioxide": ["CO2", "AnalogControlFunctionType", "currentValue", 20529, "%"],
    "agitation": ["Stirrer", "AnalogControlFunctionType", "currentValue", 5394509, "r/min"],
};

function settings(certificateManager) {
    return {
        port: given.port,
        host: "127.0.0.1",
        hostname: "127.0.0.1",
        certificateFile: given.certificate,
        privateKeyFile: given.key,
        serverCertificateManager: certificateManager,
        userCertificateManager: certificateManager,
        serverInfo: { applicationUri: given.uri, productUri: given.uri },
        securityPolicies: [SecurityPolicy.Basic256Sha256],
        securityModes: [MessageSecurityMode.SignAndEncrypt],
        allowAnonymous: false,
        userManager: { isValidUser: (user, password) => user === given.user && password === given.password },
        serverCapabilities: { // few nodes at once, as a small device takes them
            minSupportedSampleRate: 0, operationLimits: { maxNodesPerBrowse: 7, maxNodesPerRead: 9 } },
        nodeset_filename: [
            nodesets.standard, nodesets.di, nodesets.ia, nodesets.machinery, nodesets.amb, nodesets.lads],
    };
}

function text(variable, value) {
    variable.setValueFromSource({ dataType: DataType.LocalizedText, value: coerceLocalizedText(value) });
}

function device(space, type) {
    const di = space.getNamespaceIndex("http://opcfoundation.org/UA/DI/");
    const deviceSet = space.rootFolder.objects.getFolderElementByName("DeviceSet", di);
    const made = type("LADSDeviceType").instantiate({ browseName: "Bioreactor", componentOf: deviceSet });
    text(made.identification.manufacturer, "Simulated");
    text(made.identification.model, "Bioreactor");
    made.identification.serialNumber.setValueFromSource({ dataType: DataType.String, value: "S-0003" });
    return made;
}

function variables(server) {
    const space = server.engine.addressSpace;
    const index = space.getNamespaceIndex(LADS);
    const type = (name) => space.findObjectType(name, index);
    const unit = type("FunctionalUnitType").instantiate({
        browseName: "Culture", componentOf: device(space, type).functionalUnitSet, optionals: ["FunctionSet"] });
    text(unit.functionalUnitState.currentState, "Running");
    const made = {};
    for (const [channel, [name, kind, variable, number, shown]] of Object.entries(FUNCTIONS)) {
        const node = type(kind).instantiate({ browseName: name, componentOf: unit.functionSet })[variable];
        node.minimumSamplingInterval = 0;
        node.engineeringUnits.setValueFromSource({ dataType: DataType.ExtensionObject, value: new EUInformation({
            namespaceUri: number ? UNECE : given.namespace, unitId: number, displayName: coerceLocalizedText(shown) }) });
        made[channel] = node;
    }
    return made;
}

function write(nodes, line) {
    const { time, values } = JSON.parse(line);
    for (const [channel, [value, status]] of Object.entries(values)) {
        nodes[channel].setValueFromSource(
            { dataType: DataType.Double, value: Number(value) }, StatusCodes[status], new Date(time));
    }
    say({ written: time });
}

async function main() {
    const certificateManager = new OPCUACertificateManager({
        rootFolder: given.pki, automaticallyAcceptUnknownCertificate: true });
    await certificateManager.initialize();
    const server = new OPCUAServer(settings(certificateManager));
    await server.initialize();
    const nodes = variables(server);
    await server.start();
    say({ ready: server.getEndpointUrl() });
    const lines = readline.createInterface({ input: process.stdin });
    lines.on("line", (line) => write(nodes, line));
    lines.on("close", () => server.shutdown().then(() => process.exit(0)));
}

main().catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
});
