"""Definitions of APIs in few words."""


def api(title, paths, **more):
    """An OpenAPI document."""
    return {"openapi": "3.0.1", "info": {"title": title, "version": "1"}, "paths": paths, **more}


def method(integration, **more):
    """A method with an integration."""
    return {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration, **more}


def mock(answer=None, status=200, request=None, **response):
    """A MOCK that answers with a status and a template's text. `request`: a template that gives the status."""
    templates = {"responseTemplates": {"application/json": answer}} if answer else {}
    return {
        "type": "mock",
        "requestTemplates": {"application/json": request or '{"statusCode": %d}' % status},
        "responses": {"default": {"statusCode": str(status), **templates, **response}},
    }


def http_proxy(uri, verb="GET", **more):
    """A backend whose answers are passed on."""
    return {"type": "http_proxy", "httpMethod": verb, "uri": uri, **more}


def path_parameter(name):
    """For the parameters of a method."""
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
