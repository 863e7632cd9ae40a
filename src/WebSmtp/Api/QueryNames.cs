using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Api;

/// <summary>Refuses query parameters that an address does not have: a filter with a typing error would match everything.</summary>
static class QueryNames
{
    public static EndpointFilterDelegate RefuseUnknown(EndpointFilterFactoryContext handler, EndpointFilterDelegate next)
    {
        var known = handler.MethodInfo.GetParameters().SelectMany(Names).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return context => context.HttpContext.Request.Query.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? new(Problem.Invalid(unknown, $"'{unknown}' is not a parameter of this address.").Answer())
            : next(context);
    }

    // Every text that a handler takes is a part of the path or of the query.
    static IEnumerable<string> Names(ParameterInfo parameter)
    {
        if (parameter.ParameterType == typeof(string) || parameter.ParameterType == typeof(string[])) return [parameter.Name!];
        return parameter.GetCustomAttribute<AsParametersAttribute>() is null
            ? []
            : parameter.ParameterType.GetProperties().Select(property => property.GetCustomAttribute<FromQueryAttribute>()?.Name ?? property.Name);
    }
}
