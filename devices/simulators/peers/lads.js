// The simulated bioreactor as a LADS device, on node-opcua and the specifications' own sets of nodes, which come with it.
"use strict";

const { DataType, coerceLocalizedText, nodesets } = require("node-opcua");
const { EUInformation } = require("node-opcua-types");
const { given, run } = require("./server.js");

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

function variables(space) {
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

run({
    serverCapabilities: { // few nodes at once, as a small device takes them
        minSupportedSampleRate: 0, operationLimits: { maxNodesPerBrowse: 7, maxNodesPerRead: 9 } },
    nodeset_filename: [nodesets.standard, nodesets.di, nodesets.ia, nodesets.machinery, nodesets.amb, nodesets.lads],
}, variables);
