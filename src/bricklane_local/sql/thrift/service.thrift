// What SQL warehouses understand of the Thrift interface of Hive's command line service, with the
// fields that Databricks adds (from 0x500 on). Sources: Apache Hive's TCLIService, and what
// databricks-sql-connector sends and reads. Enumerations are numbers here; codes.py has them.

struct TStatus {
  1: required i32 statusCode,
  2: optional list<string> infoMessages,
  3: optional string sqlState,
  4: optional i32 errorCode,
  5: optional string errorMessage,
  6: optional string displayMessage
}

struct THandleIdentifier {
  1: required binary guid,
  2: required binary secret
}

struct TSessionHandle {
  1: required THandleIdentifier sessionId,
  0xD01: optional i32 serverProtocolVersion
}

struct TOperationHandle {
  1: required THandleIdentifier operationId,
  2: required i32 operationType,
  3: required bool hasResultSet,
  4: optional double modifiedRowCount
}

struct TNamespace {
  1: optional string catalogName,
  2: optional string schemaName
}

struct TGetInfoValue {
  1: optional string stringValue,
  2: optional i16 smallIntValue,
  3: optional i32 integerBitmask,
  4: optional i32 integerFlag,
  5: optional i32 binaryValue,
  6: optional i64 lenValue
}

struct TOpenSessionReq {
  1: optional i32 client_protocol,
  2: optional string username,
  3: optional string password,
  4: optional map<string, string> configuration,
  0x501: optional list<i32> getInfos,
  0x502: optional i64 client_protocol_i64,
  0x503: optional map<string, string> connectionProperties,
  0x504: optional TNamespace initialNamespace,
  0x505: optional bool canUseMultipleCatalogs
}

struct TOpenSessionResp {
  1: required TStatus status,
  2: required i32 serverProtocolVersion,
  3: optional TSessionHandle sessionHandle,
  4: optional map<string, string> configuration,
  0x501: optional list<TGetInfoValue> getInfos,
  0x504: optional TNamespace initialNamespace,
  0x505: optional bool canUseMultipleCatalogs
}

struct TCloseSessionReq {
  1: required TSessionHandle sessionHandle
}

struct TCloseSessionResp {
  1: required TStatus status
}

struct TGetInfoReq {
  1: required TSessionHandle sessionHandle,
  2: required i32 infoType
}

struct TGetInfoResp {
  1: required TStatus status,
  2: required TGetInfoValue infoValue
}

struct TSparkGetDirectResults {
  1: required i64 maxRows,
  2: optional i64 maxBytes
}

struct TSparkArrowTypes {
  1: optional bool timestampAsArrow,
  2: optional bool decimalAsArrow,
  3: optional bool complexTypesAsArrow,
  4: optional bool intervalTypesAsArrow,
  5: optional bool nullTypeAsArrow
}

struct TSparkParameterValue {
  1: optional string stringValue,
  2: optional double doubleValue,
  3: optional bool booleanValue
}

struct TSparkParameterValueArg {
  1: optional string type,
  2: optional string value,
  3: optional list<TSparkParameterValueArg> arguments
}

struct TSparkParameter {
  1: optional i32 ordinal,
  2: optional string name,
  3: optional string type,
  4: optional TSparkParameterValue value,
  5: optional list<TSparkParameterValueArg> arguments
}

struct TExecuteStatementReq {
  1: required TSessionHandle sessionHandle,
  2: required string statement,
  3: optional map<string, string> confOverlay,
  4: optional bool runAsync,
  5: optional i64 queryTimeout,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool canReadArrowResult,
  0x503: optional bool canDownloadResult,
  0x504: optional bool canDecompressLZ4Result,
  0x505: optional i64 maxBytesPerFile,
  0x506: optional TSparkArrowTypes useArrowNativeTypes,
  0x507: optional i64 resultRowLimit,
  0x508: optional list<TSparkParameter> parameters
}

struct TTypeQualifierValue {
  1: optional i32 i32Value,
  2: optional string stringValue
}

struct TTypeQualifiers {
  1: required map<string, TTypeQualifierValue> qualifiers
}

struct TPrimitiveTypeEntry {
  1: required i32 type,
  2: optional TTypeQualifiers typeQualifiers
}

struct TTypeEntry {
  1: optional TPrimitiveTypeEntry primitiveEntry
}

struct TTypeDesc {
  1: required list<TTypeEntry> types
}

struct TColumnDesc {
  1: required string columnName,
  2: required TTypeDesc typeDesc,
  3: required i32 position,
  4: optional string comment
}

struct TTableSchema {
  1: required list<TColumnDesc> columns
}

struct TGetResultSetMetadataReq {
  1: required TOperationHandle operationHandle
}

struct TGetResultSetMetadataResp {
  1: required TStatus status,
  2: optional TTableSchema schema,
  0x501: optional i32 resultFormat,
  0x502: optional bool lz4Compressed,
  0x503: optional binary arrowSchema,
  0x507: optional bool isStagingOperation
}

struct TBoolColumn {
  1: required list<bool> values,
  2: required binary nulls
}

struct TByteColumn {
  1: required list<byte> values,
  2: required binary nulls
}

struct TI16Column {
  1: required list<i16> values,
  2: required binary nulls
}

struct TI32Column {
  1: required list<i32> values,
  2: required binary nulls
}

struct TI64Column {
  1: required list<i64> values,
  2: required binary nulls
}

struct TDoubleColumn {
  1: required list<double> values,
  2: required binary nulls
}

struct TStringColumn {
  1: required list<string> values,
  2: required binary nulls
}

struct TBinaryColumn {
  1: required list<binary> values,
  2: required binary nulls
}

struct TColumn {
  1: optional TBoolColumn boolVal,
  2: optional TByteColumn byteVal,
  3: optional TI16Column i16Val,
  4: optional TI32Column i32Val,
  5: optional TI64Column i64Val,
  6: optional TDoubleColumn doubleVal,
  7: optional TStringColumn stringVal,
  8: optional TBinaryColumn binaryVal
}

struct TSparkArrowBatch {
  1: required binary batch,
  2: required i64 rowCount
}

struct TRow {
  1: optional list<string> unused
}

struct TRowSet {
  1: required i64 startRowOffset,
  2: required list<TRow> rows,
  3: optional list<TColumn> columns,
  0x501: optional list<TSparkArrowBatch> arrowBatches
}

struct TFetchResultsReq {
  1: required TOperationHandle operationHandle,
  2: required i32 orientation,
  3: required i64 maxRows,
  4: optional i16 fetchType,
  0x501: optional i64 maxBytes,
  0x502: optional i64 startRowOffset,
  0x503: optional bool includeResultSetMetadata
}

struct TFetchResultsResp {
  1: required TStatus status,
  2: optional bool hasMoreRows,
  3: optional TRowSet results,
  0x501: optional TGetResultSetMetadataResp resultSetMetadata
}

struct TGetOperationStatusReq {
  1: required TOperationHandle operationHandle,
  2: optional bool getProgressUpdate
}

struct TGetOperationStatusResp {
  1: required TStatus status,
  2: optional i32 operationState,
  3: optional string sqlState,
  4: optional i32 errorCode,
  5: optional string errorMessage,
  6: optional string taskStatus,
  7: optional i64 operationStarted,
  8: optional i64 operationCompleted,
  9: optional bool hasResultSet,
  11: optional i64 numModifiedRows,
  0x501: optional string displayMessage,
  0x502: optional string diagnosticInfo
}

struct TCancelOperationReq {
  1: required TOperationHandle operationHandle
}

struct TCancelOperationResp {
  1: required TStatus status
}

struct TCloseOperationReq {
  1: required TOperationHandle operationHandle
}

struct TCloseOperationResp {
  1: required TStatus status
}

struct TSparkDirectResults {
  1: optional TGetOperationStatusResp operationStatus,
  2: optional TGetResultSetMetadataResp resultSetMetadata,
  3: optional TFetchResultsResp resultSet,
  4: optional TCloseOperationResp closeOperation
}

// The answer to everything that makes an operation.
struct TOperationResp {
  1: required TStatus status,
  2: optional TOperationHandle operationHandle,
  0x501: optional TSparkDirectResults directResults
}

// What is asked of GetTypeInfo, GetCatalogs and GetTableTypes.
struct TGetListReq {
  1: required TSessionHandle sessionHandle,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

struct TGetSchemasReq {
  1: required TSessionHandle sessionHandle,
  2: optional string catalogName,
  3: optional string schemaName,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

struct TGetTablesReq {
  1: required TSessionHandle sessionHandle,
  2: optional string catalogName,
  3: optional string schemaName,
  4: optional string tableName,
  5: optional list<string> tableTypes,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

struct TGetColumnsReq {
  1: required TSessionHandle sessionHandle,
  2: optional string catalogName,
  3: optional string schemaName,
  4: optional string tableName,
  5: optional string columnName,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

struct TGetFunctionsReq {
  1: required TSessionHandle sessionHandle,
  2: optional string catalogName,
  3: optional string schemaName,
  4: required string functionName,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

struct TGetPrimaryKeysReq {
  1: required TSessionHandle sessionHandle,
  2: optional string catalogName,
  3: optional string schemaName,
  4: optional string tableName,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

struct TGetCrossReferenceReq {
  1: required TSessionHandle sessionHandle,
  2: optional string parentCatalogName,
  3: optional string parentSchemaName,
  4: optional string parentTableName,
  5: optional string foreignCatalogName,
  6: optional string foreignSchemaName,
  7: optional string foreignTableName,
  0x501: optional TSparkGetDirectResults getDirectResults,
  0x502: optional bool runAsync
}

service TCLIService {
  TOpenSessionResp OpenSession(1: TOpenSessionReq req),
  TCloseSessionResp CloseSession(1: TCloseSessionReq req),
  TGetInfoResp GetInfo(1: TGetInfoReq req),
  TOperationResp ExecuteStatement(1: TExecuteStatementReq req),
  TOperationResp GetTypeInfo(1: TGetListReq req),
  TOperationResp GetCatalogs(1: TGetListReq req),
  TOperationResp GetSchemas(1: TGetSchemasReq req),
  TOperationResp GetTables(1: TGetTablesReq req),
  TOperationResp GetTableTypes(1: TGetListReq req),
  TOperationResp GetColumns(1: TGetColumnsReq req),
  TOperationResp GetFunctions(1: TGetFunctionsReq req),
  TOperationResp GetPrimaryKeys(1: TGetPrimaryKeysReq req),
  TOperationResp GetCrossReference(1: TGetCrossReferenceReq req),
  TGetOperationStatusResp GetOperationStatus(1: TGetOperationStatusReq req),
  TCancelOperationResp CancelOperation(1: TCancelOperationReq req),
  TCloseOperationResp CloseOperation(1: TCloseOperationReq req),
  TGetResultSetMetadataResp GetResultSetMetadata(1: TGetResultSetMetadataReq req),
  TFetchResultsResp FetchResults(1: TFetchResultsReq req)
}
