import { tlsFields } from './http-fields.ts'
import { type AwsRecord, asObject, type Fields, ip, jsonObject, pruned, related, timestamp, word } from './values.ts'

/** ECS `event.category` of the services whose events are of one kind. */
const categories: ReadonlyMap<string, string> = new Map([
  ['iam.amazonaws.com', 'iam'],
  ['signin.amazonaws.com', 'authentication'],
  ['sts.amazonaws.com', 'authentication'],
])

/**
 * An event of AWS CloudTrail:
 * https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 *
 * What a service was asked and what it answered has other members in each of its calls: as fields they would soon exceed what an
 * index may have. They are JSON texts, as in Elastic's integration.
 */
export function cloudtrailRecord(text: string): AwsRecord | undefined {
  const event = jsonObject(text)
  if (event === undefined || (event.eventName === undefined && event.eventTime === undefined)) return undefined
  const time = timestamp(event.eventTime)
  const provider = word(event.eventSource)
  const address = word(event.sourceIPAddress)
  const identity = asObject(event.userIdentity) ?? {}
  const issuer = asObject(asObject(identity.sessionContext)?.sessionIssuer)
  const userName = word(identity.userName) ?? word(issuer?.userName)
  const category = categories.get(provider ?? '')
  const fields = pruned({
    event: {
      kind: 'event',
      category: category === undefined ? undefined : [category],
      type: ['info'],
      id: word(event.eventID),
      provider,
      action: word(event.eventName),
      outcome: isFailure(event) ? 'failure' : 'success',
    },
    source: { address, ip: ip(address) },
    user: { id: word(identity.principalId), name: userName },
    user_agent: { original: word(event.userAgent) },
    cloud: {
      provider: 'aws',
      region: word(event.awsRegion),
      account: { id: word(identity.accountId) ?? word(event.recipientAccountId) },
    },
    tls: tlsOf(asObject(event.tlsDetails)),
    related: { ip: related(ip(address)), user: related(userName) },
    aws: { cloudtrail: { ...recordFields(event), user_identity: identityFields(identity, issuer) } },
  })
  return time === undefined ? { fields } : { timestamp: time, fields }
}

/** A failed sign-in has no error code. */
function isFailure(event: Fields): boolean {
  return (
    word(event.errorCode) !== undefined ||
    word(event.errorMessage) !== undefined ||
    asObject(event.responseElements)?.ConsoleLogin === 'Failure'
  )
}

function recordFields(event: Fields): Fields {
  return {
    event_version: word(event.eventVersion),
    event_type: word(event.eventType),
    event_category: word(event.eventCategory),
    api_version: word(event.apiVersion),
    error_code: word(event.errorCode),
    error_message: word(event.errorMessage),
    management_event: booleanOf(event.managementEvent),
    read_only: booleanOf(event.readOnly),
    recipient_account_id: word(event.recipientAccountId),
    request_id: word(event.requestID),
    shared_event_id: word(event.sharedEventID),
    vpc_endpoint_id: word(event.vpcEndpointId),
    request_parameters: jsonText(event.requestParameters),
    response_elements: jsonText(event.responseElements),
    additional_eventdata: jsonText(event.additionalEventData),
    service_event_details: jsonText(event.serviceEventDetails),
    resources: resourcesOf(event.resources),
  }
}

function identityFields(identity: Fields, issuer: Fields | undefined): Fields {
  const attributes = asObject(asObject(identity.sessionContext)?.attributes)
  return {
    type: word(identity.type),
    arn: word(identity.arn),
    access_key_id: word(identity.accessKeyId),
    invoked_by: word(identity.invokedBy),
    session_context: {
      mfa_authenticated: word(attributes?.mfaAuthenticated),
      creation_date: timestamp(attributes?.creationDate),
      session_issuer: {
        type: word(issuer?.type),
        principal_id: word(issuer?.principalId),
        arn: word(issuer?.arn),
        account_id: word(issuer?.accountId),
      },
    },
  }
}

function resourcesOf(value: unknown): Fields[] | undefined {
  if (!Array.isArray(value)) return undefined
  const resources = value.map((each) => pruned(resourceFields(asObject(each) ?? {}))).filter((fields) => Object.keys(fields).length > 0)
  return resources.length === 0 ? undefined : resources
}

function resourceFields(resource: Fields): Fields {
  return { arn: word(resource.ARN), account_id: word(resource.accountId), type: word(resource.type) }
}

function tlsOf(details: Fields | undefined): Fields | undefined {
  if (details === undefined) return undefined
  return {
    ...tlsFields(word(details.tlsVersion), word(details.cipherSuite)),
    client: { server_name: word(details.clientProvidedHostHeader) },
  }
}

/** Old events have `"true"`. */
function booleanOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value
  return value === 'true' ? true : value === 'false' ? false : undefined
}

function jsonText(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}
