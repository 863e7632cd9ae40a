using Microsoft.AspNetCore.Components;
using WebSmtp.Admin.Components;
using WebSmtp.Admin.LogIn;
using WebSmtp.Mta.Administration;

namespace WebSmtp.Admin;

/// <summary>
/// A page: rendered on the server for one request. What lives on it is a <see cref="LivePart"/>; what it does is a form
/// that posts to it and ends in a redirect.
/// </summary>
public abstract class AdminPage : ComponentBase
{
    [CascadingParameter] public HttpContext Http { get; set; } = default!;
    [Inject] protected NavigationManager Navigation { get; set; } = default!;

    protected CancellationToken Stop => Http.RequestAborted;
    protected Actor Actor => AdminCookie.ActorOf(Http);
    protected Role Role => AdminCookie.RoleOf(Http.User);
    protected bool MayOperate => Role >= Role.Operator;
    protected bool MayAdminister => Role >= Role.Administrator;
    protected bool IsPost => HttpMethods.IsPost(Http.Request.Method);

    /// <summary>Path and query of this page, to come back to.</summary>
    protected string Here => Http.Request.Path + Http.Request.QueryString;

    /// <summary>A field of the posted form, trimmed; empty when it is not there.</summary>
    protected string Posted(string field) => Http.Request.HasFormContentType ? Http.Request.Form[field].ToString().Trim() : "";

    /// <summary>Ends a post: the note is shown on the page that follows.</summary>
    protected void Done(string text, string to) => Done(new Note(Tone.Good, text), to);

    /// <summary>The same for an act of which only a part, or nothing, may have been done.</summary>
    protected void Done(Note note, string to)
    {
        Flash.Set(Http, note);
        Navigation.NavigateTo(to);
    }

    /// <summary>The same for an act without a form to show it at.</summary>
    protected void Failed(Problem problem, string to) => Done(new Note(Tone.Bad, problem.Detail), to);

    /// <summary>A save that came after somebody else's: the next one puts what was typed in its place.</summary>
    protected static Problem Overtaken(string what) =>
        Problem.Stale($"The {what} was changed by somebody else meanwhile. What you typed is kept: save again to put it in place, or open the page anew to see what is there now.");

    /// <summary>Answers 403 and is true when the role is not enough; the page then shows why instead of itself.</summary>
    protected bool Denies(Role needed)
    {
        if (Role >= needed) return false;
        AnswerWith(StatusCodes.Status403Forbidden);
        return true;
    }

    /// <summary>The page is shown with this status. Set at the last moment: seen earlier, an error page would be shown instead.</summary>
    protected void AnswerWith(int status) => Http.Response.OnStarting(() =>
    {
        if (Http.Response.StatusCode is StatusCodes.Status200OK) Http.Response.StatusCode = status;
        return Task.CompletedTask;
    });
}
